import { createHash } from "node:crypto";
import type { SimulatorProfile, SimulatorRoutes } from "../config/simulator-files.ts";
import type { BadKind, EventMode } from "../config/simulator-words.ts";
import { unknownTopic } from "../config/topics.ts";
import { spoilDocument } from "./bad-documents.ts";
import { buildCatalogue, type Catalogue, type RouteOutcome, type ServiceCatalogue } from "./catalogue.ts";
import {
  type DocumentTemplate,
  drawHex,
  fillTemplate,
  type RequestValues,
  requestDigitsLength,
  templateTailBytesMax,
} from "./document-template.ts";
import { pickWeighted, Random } from "./random.ts";

export interface EventGeneratorOptions {
  profile: SimulatorProfile;
  routes: SimulatorRoutes;
  mode: EventMode;
  seed: number;
  eventId: "random" | "hash";
  badRate: number;
  badKinds: readonly BadKind[];
}

/** One megabyte in fifty bad documents is plenty. */
const oversizeChance = 0.02;

/**
 * Makes one document after another. What it makes depends on the seed and the options only, never on time or on how
 * many are asked for at once; times are given by the caller (S0-10, `seed`).
 *
 * After `next` the fields describe the document made, until the following call.
 */
export class EventGenerator {
  /** The document is `bytes[0 … length)`; length −1: a null value (tombstone). */
  bytes: Buffer;
  length = 0;
  topic = "";
  service = "";
  /** Index of the service in the catalogue. */
  serviceIndex = 0;
  /** The document tells of a failure: it is copied to logs.error (S0-25). */
  isFailure = false;
  badKind: BadKind | undefined;
  readonly catalogue: Catalogue;
  /** ASCII of the request id of the current document, 16 bytes: the record key of partitioner `key`. */
  readonly key: Buffer = Buffer.from("req_000000000000");

  readonly #random: Random;
  readonly #badRandom: Random;
  readonly #options: EventGeneratorOptions;
  readonly #scratch: Buffer;
  readonly #values: RequestValues;
  #current: ServiceCatalogue;
  #outcome: RouteOutcome | undefined;

  constructor(options: EventGeneratorOptions) {
    this.#options = options;
    this.catalogue = buildCatalogue(options.profile, options.routes, options.mode);
    this.#random = new Random(options.seed);
    // A sequence of its own, so that the good documents are the same with and without bad ones among them.
    this.#badRandom = new Random(options.seed + 1);
    this.#current = this.catalogue.services[0]!;
    this.#scratch = Buffer.alloc(longestTemplate(this.catalogue) + templateTailBytesMax + 3);
    this.bytes = this.#scratch;
    this.#values = {
      digits: new Uint8Array(requestDigitsLength),
      status: 0,
      durationMs: 0,
      productId: 0,
      amount: 0,
    };
  }

  /** Makes the next document, with `timeMs` as its event time. */
  next(timeMs: number): void {
    const template = this.#nextTemplate();
    this.bytes = this.#scratch;
    this.topic = this.#current.topic;
    this.service = this.#current.service;
    this.badKind = undefined;
    this.length = this.#write(template, timeMs);
    if (this.#options.badRate > 0 && this.#badRandom.fraction() < this.#options.badRate) this.#spoil();
  }

  /** A request's domain event follows its http event; requests that leave nothing in this mode are passed over. */
  #nextTemplate(): DocumentTemplate {
    const pending = this.#outcome?.domain;
    if (pending !== undefined) {
      this.isFailure = this.#outcome!.failed;
      this.#outcome = undefined;
      return pending;
    }
    // Ends: the catalogue holds only services whose routes leave events in this mode.
    for (;;) {
      const outcome = this.#drawRequest();
      if (outcome.http !== undefined) {
        this.#outcome = outcome;
        // An http event carries no result: a server error makes it a failure, a refusal (4xx) does not (S0-25).
        this.isFailure = outcome.status >= 500;
        return outcome.http;
      }
      if (outcome.domain !== undefined) {
        this.#outcome = undefined;
        this.isFailure = outcome.failed;
        return outcome.domain;
      }
    }
  }

  #drawRequest(): RouteOutcome {
    const random = this.#random;
    this.serviceIndex = pickWeighted(random, this.catalogue.requestWeights);
    const service = this.catalogue.services[this.serviceIndex]!;
    this.#current = service;
    const call = service.calls[pickWeighted(random, service.callWeights)]!;
    const outcomes = random.fraction() < service.errorRate ? call.failures : call.successes;
    const outcome = outcomes[outcomes.length === 1 ? 0 : random.between(0, outcomes.length - 1)]!;
    if (outcome.http === undefined && outcome.domain === undefined) return outcome;
    const values = this.#values;
    drawHex(random, values.digits, 0, requestDigitsLength);
    values.status = outcome.status;
    values.durationMs = random.between(5, 300);
    values.productId = random.between(100_000, 999_999);
    values.amount = random.between(1_000, 500_000);
    this.key.set(values.digits.subarray(0, 12), 4);
    return outcome;
  }

  #write(template: DocumentTemplate, timeMs: number): number {
    // Room for the three bytes by which "evt_v1_" is longer than "evt_".
    if (this.#options.eventId === "random") {
      const end = fillTemplate(template, this.#values, timeMs, this.#scratch, 0);
      drawHex(this.#random, this.#scratch, template.eventId, 32);
      return end;
    }
    const end = fillTemplate(template, this.#values, timeMs, this.#scratch, 3);
    return this.#writeHashedId(template, end);
  }

  /**
   * The id from the event's own content: the first 128 bits of BLAKE2b-512 over all bytes but the id's hole and the
   * time, so that a resent event has the same id. (Node's crypto offers no BLAKE2b of 128 bits, which S0-17 names.)
   */
  #writeHashedId(template: DocumentTemplate, end: number): number {
    const scratch = this.#scratch;
    const idStart = 3 + template.eventId;
    const hash = createHash("blake2b512")
      .update(template.bytes.subarray(0, template.eventTime))
      .update(scratch.subarray(3 + afterTimes(template), end));
    scratch.copyWithin(0, 3, idStart);
    scratch.write(`v1_${hash.digest("hex").slice(0, 32)}`, template.eventId, "latin1");
    return end;
  }

  #spoil(): void {
    const random = this.#badRandom;
    const kinds = this.#options.badKinds;
    let kind = kinds[random.between(0, kinds.length - 1)]!;
    if (kind === "oversize" && kinds.length > 1 && random.fraction() >= oversizeChance) {
      kind = kinds.find((other) => other !== "oversize")!;
    }
    const spoiled = spoilDocument(kind, this.#scratch.subarray(0, this.length), random);
    this.badKind = kind;
    this.isFailure = false; // what is not readable cannot be recognised as a failure
    if (kind === "service-missing" || kind === "service-unknown") this.topic = unknownTopic;
    this.bytes = spoiled === null ? this.#scratch : Buffer.from(spoiled.buffer, spoiled.byteOffset, spoiled.length);
    this.length = spoiled === null ? -1 : spoiled.length;
  }
}

/** Where the bytes after the last time field begin, in the template. */
function afterTimes(template: DocumentTemplate): number {
  return Math.max(template.eventTime, template.legacyTime) + 13;
}

function longestTemplate(catalogue: Catalogue): number {
  let longest = 0;
  for (const { calls } of catalogue.services) {
    for (const outcome of calls.flatMap((call) => [...call.successes, ...call.failures])) {
      longest = Math.max(longest, outcome.http?.bytes.length ?? 0, outcome.domain?.bytes.length ?? 0);
    }
  }
  return longest;
}
