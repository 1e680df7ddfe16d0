import { nodeInflaters } from "../../../workers/inflaters.ts";
import { createKernelTranscoder } from "../../codec/kernel/transcoder.ts";
import { createReferenceTranscoder } from "../../codec/reference/transcoder.ts";
import type { Transcoder } from "../../codec/task.ts";
import { makeBatch } from "../../codec/testing/record-batch.ts";
import { makeTask, RECORD_MS, STARTED_MS } from "../../codec/testing/task.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { EngineOracle } from "../engine-oracle.ts";
import { type EngineVerdict, printAlone, readAlone } from "./engine-verdicts.ts";
import { isComparable, judge } from "./judge.ts";
import { membersOf } from "./leaves.ts";
import { OwnReaders, readVerdicts } from "./own-verdicts.ts";
import type { HostileFinding } from "./run.ts";

/** A finding cut down, with what each of the three makes of it. */
export interface Reproduction {
  between: HostileFinding["between"];
  /** `name type` of each column. */
  columns: string[];
  /** As text; base64 when it is no UTF-8. */
  document: string;
  isBase64: boolean;
  kernel: string;
  reference: string;
  engine: string;
}

/** Tries of one shrinking: each costs a query of two milliseconds. */
const TRIES_MAX = 600;

/**
 * Makes a finding small: first fewer columns, then a shorter document, as long as the same two still differ. A finding
 * that takes more than its document to happen stays as it is.
 */
export function reproduce(module: WebAssembly.Module, oracle: EngineOracle, finding: HostileFinding): Reproduction {
  let { plan, value } = finding;
  // A pair of transcoders costs as much as hundreds of documents.
  const readers = new Map<TablePlan, OwnReaders>();
  const isStill = (otherPlan: TablePlan, otherValue: Uint8Array | null) => {
    const own = readers.get(otherPlan) ?? new OwnReaders(module, otherPlan);
    readers.set(otherPlan, own);
    return differs(own, oracle, otherPlan, otherValue) === finding.between;
  };
  if (value !== null && isStill(plan, value)) {
    const kept = value;
    const narrow = plan.columns.map((column) => ({ ...finding.plan, columns: [column] }));
    plan = narrow.find((one) => isStill(one, kept)) ?? plan;
    const isStillShort = (shorter: Uint8Array) => isStill(plan, shorter);
    value = shrinkDocument(dropMembers(kept, isStillShort), isStillShort);
  }
  return describe(module, oracle, plan, value, finding.between);
}

function differs(
  readers: OwnReaders,
  oracle: EngineOracle,
  plan: TablePlan,
  value: Uint8Array | null,
): HostileFinding["between"] | undefined {
  const read = readers.read([value]);
  if ("disagreement" in read) return "transcoders";
  const text = decode(value);
  const own = read.verdicts[0]!;
  if (value === null || !isComparable(own, text)) return undefined;
  return judge(plan, text, own, readAlone(oracle, plan.columns, value)) === "different" ? "engine" : undefined;
}

/** Takes out whole members of the document while `isStill`. */
function dropMembers(value: Uint8Array, isStill: (value: Uint8Array) => boolean): Uint8Array {
  const bytesOf = (list: [string, string][]) =>
    new TextEncoder().encode(`{${list.map(([key, part]) => `${JSON.stringify(key)}:${part}`).join(",")}}`);
  const text = decode(value).trim();
  if (!isJson(text)) return value;
  let kept = membersOf(text);
  if (!isStill(bytesOf(kept))) return value;
  for (const member of kept) {
    const fewer = kept.filter((other) => other !== member);
    if (isStill(bytesOf(fewer))) kept = fewer;
  }
  return bytesOf(kept);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Takes out pieces, half of the document at first, then smaller ones, while `isStill`. Characters stay whole. */
function shrinkDocument(value: Uint8Array, isStill: (value: Uint8Array) => boolean): Uint8Array {
  const text = decode(value);
  const isText = Buffer.compare(Buffer.from(text), value) === 0;
  // Bytes that are no UTF-8 are kept as Latin-1 letters, one each.
  let kept = isText ? Array.from(text) : Array.from(value, (byte) => String.fromCharCode(byte));
  const bytesOf = (letters: string[]) => new Uint8Array(Buffer.from(letters.join(""), isText ? "utf8" : "latin1"));
  let tries = 0;
  for (let size = kept.length >> 1; size > 0; size = Math.min(size >> 1, kept.length)) {
    for (let at = 0; at < kept.length && tries < TRIES_MAX; ) {
      const shorter = [...kept.slice(0, at), ...kept.slice(at + size)];
      tries++;
      if (isStill(bytesOf(shorter))) kept = shorter;
      else at += size;
    }
  }
  return bytesOf(kept);
}

function describe(
  module: WebAssembly.Module,
  oracle: EngineOracle,
  plan: TablePlan,
  value: Uint8Array | null,
  between: HostileFinding["between"],
): Reproduction {
  const document = decode(value);
  const isBase64 = value !== null && Buffer.compare(Buffer.from(document), value) !== 0;
  return {
    between,
    columns: plan.columns.map(({ name, type }) => `${name} ${type.text}`),
    document: isBase64 ? Buffer.from(value).toString("base64") : document,
    isBase64,
    kernel: verdictText(() => createKernelTranscoder(plan, nodeInflaters, module), value),
    reference: verdictText(() => createReferenceTranscoder(plan, nodeInflaters), value),
    engine: value === null ? "not asked" : engineText(oracle, plan, value),
  };
}

function verdictText(create: () => Transcoder, value: Uint8Array | null): string {
  try {
    const task = makeTask([makeBatch([{ value }], { baseTimestampMs: RECORD_MS })]);
    const [verdict] = readVerdicts(
      create().run(task, () => STARTED_MS),
      1,
    );
    if (verdict === undefined) return "nothing";
    return "row" in verdict ? hex(verdict.row) : `${verdict.errorType}: ${verdict.message}`;
  } catch (error) {
    return `threw ${error}`;
  }
}

function engineText(oracle: EngineOracle, plan: TablePlan, value: Uint8Array): string {
  const verdict: EngineVerdict = readAlone(oracle, plan.columns, value);
  return typeof verdict === "string" ? verdict : `${hex(verdict)} (${printAlone(oracle, plan.columns, value)})`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function decode(value: Uint8Array | null): string {
  return value === null ? "" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
}
