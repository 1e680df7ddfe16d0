import { createRequire } from "node:module";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../core/clock.ts";
import type { Source } from "../source/consumer-source.ts";
import { Failure } from "./failure.ts";
import { SourceSupervisor } from "./source-supervisor.ts";

const require = createRequire(import.meta.url);
const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require("kafkajs/src/protocol/error.js");
const { KafkaJSNumberOfRetriesExceeded, KafkaJSError } = require("kafkajs/src/errors.js");

const GROUP_AUTHORIZATION_FAILED = 30;
const REBALANCE_IN_PROGRESS = 27;

/** As kafkajs gives a rebalance up: without its type, and "not retriable". */
const givenUp = () =>
  new KafkaJSNumberOfRetriesExceeded(new KafkaJSError(createErrorFromCode(REBALANCE_IN_PROGRESS)), { retryCount: 9 });

describe("SourceSupervisor", () => {
  let failure: Failure;
  let startedAtMs: number[];
  let outcomes: (Error | undefined)[];
  let supervisor: SourceSupervisor;

  beforeEach(() => {
    vi.useFakeTimers();
    failure = new Failure();
    startedAtMs = [];
    outcomes = [];
    const nothing = () => {};
    const source: Source = {
      async start() {
        startedAtMs.push(performance.now());
        const outcome = outcomes.shift();
        if (outcome !== undefined) throw outcome;
      },
      ...{ pause: nothing, resume: nothing, hold: nothing, seek: nothing, stop: async () => {} },
    };
    const log = pino({ level: "silent" });
    supervisor = new SourceSupervisor({ create: () => source, onRestart: nothing, failure, clock: systemClock, log });
  });
  afterEach(() => vi.useRealTimers());

  it("starts a consumer again and again while what fails may pass, in longer and longer pauses", async () => {
    outcomes = Array.from({ length: 7 }, givenUp);
    const beginMs = performance.now();
    await supervisor.start();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(startedAtMs.map((atMs) => Math.round(atMs - beginMs) / 1_000)).toEqual([0, 2, 6, 14, 30, 60, 90, 120]);
    expect(failure.first).toBeUndefined();
    // One that lasted has worked: the next is not made to wait.
    startedAtMs.length = 0;
    const againMs = performance.now();
    supervisor.restart();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(startedAtMs.map((atMs) => atMs - againMs)).toEqual([2_000]);
  });

  it("begins anew at once, and as often as it is asked, while the consumers work", async () => {
    await supervisor.start();
    for (let count = 0; count < 5; count += 1) {
      supervisor.renew();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(startedAtMs).toHaveLength(6);
    // Of those that fail, each waits longer than the one before; that it was asked to begin anew meanwhile changes nothing.
    outcomes = [givenUp(), givenUp()];
    startedAtMs.length = 0;
    const beginMs = performance.now();
    supervisor.renew();
    await vi.advanceTimersByTimeAsync(1_000);
    supervisor.renew();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(startedAtMs.map((atMs) => Math.round((atMs - beginMs) / 1_000))).toEqual([0, 2, 6]);
  });

  it("ends with an error that a person has to mend, at the first start and at a later one", async () => {
    outcomes = [createErrorFromCode(GROUP_AUTHORIZATION_FAILED)];
    await expect(supervisor.start()).rejects.toThrow(/READ on the group/);
    expect(startedAtMs).toHaveLength(1);
  });

  it("does not start another when it is stopped meanwhile", async () => {
    outcomes = [givenUp()];
    await supervisor.start();
    supervisor.stopSupervising();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(startedAtMs).toHaveLength(1);
  });
});
