import { Randomness } from "../../codec/kernel/testing/randomness.ts";
import { emptyCounts, type FuzzCounts } from "../../codec/kernel/testing/transcoder-pair.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { EngineOracle } from "../engine-oracle.ts";
import { HostileDocuments } from "./documents.ts";
import { readAlone, readDocuments } from "./engine-verdicts.ts";
import { isComparable, judge, type Outcome } from "./judge.ts";
import { OwnReaders, type OwnVerdict } from "./own-verdicts.ts";
import { drawTable } from "./tables.ts";

export interface HostileCounts {
  /** Documents, each read by kernel, reference and, where it can, by the engine. */
  cases: number;
  outcomes: Record<Outcome, number>;
  /** Documents that are no JSON object and were shown to the engine alone; those of them that it stored. */
  asked: number;
  lax: number;
  /** Cases by the kinds of the columns that they were read into. */
  byKind: Record<string, number>;
  own: FuzzCounts;
}

export function emptyHostileCounts(): HostileCounts {
  const judged = { same: 0, bothReject: 0, intended: 0, engineRefuses: 0 };
  const outcomes = { ...judged, notJson: 0, unjudged: 0, different: 0 };
  return { cases: 0, outcomes, asked: 0, lax: 0, byKind: {}, own: emptyCounts() };
}

/** A document of which not all three readers make the same, or what README says. */
export interface HostileFinding {
  plan: TablePlan;
  value: Uint8Array | null;
  /** `transcoders`: kernel and reference differ. `engine`: both differ from the engine. */
  between: "transcoders" | "engine";
}

export interface HostileRound {
  module: WebAssembly.Module;
  oracle: EngineOracle;
  /** Seed and round say everything that happens. */
  seed: number;
  round: number;
  cases: number;
  counts: HostileCounts;
  /** Told of every document that Millrace stores and the engine refuses, or that the engine stores though it is no JSON. */
  onLeniency?: (plan: TablePlan, value: Uint8Array, who: "millrace" | "engine") => void;
}

/** Documents of one task: small enough that a difference is soon found in it. */
const DOCUMENTS_A_TASK = 250;
/** A query for one document alone costs as much as a hundred in a file. */
const ALONE_ONE_IN = 24;
const GIANT_ONE_IN = 8;

/** One table, and documents for it. Returns what is wrong. */
export function runHostileRound(options: HostileRound): HostileFinding[] {
  const { module, oracle, seed, round, cases, counts } = options;
  const random = new Randomness(Math.imul(seed, 0x85ebca6b) ^ Math.imul(round + 1, 0xc2b2ae35));
  const plan = drawTable(random, round);
  const readers = new OwnReaders(module, plan, counts.own);
  const documents = new HostileDocuments(plan, random);
  const values = Array.from({ length: cases }, () => documents.next());
  if (random.oneIn(GIANT_ONE_IN)) values[values.length - 1] = documents.giant();
  const findings: HostileFinding[] = [];
  const asked: { value: Uint8Array; text: string; own: OwnVerdict }[] = [];
  for (let at = 0; at < values.length; at += DOCUMENTS_A_TASK) {
    const part = values.slice(at, at + DOCUMENTS_A_TASK);
    const read = readers.read(part);
    if ("disagreement" in read) {
      findings.push({ plan, value: part[read.disagreement.index]!, between: "transcoders" });
      continue;
    }
    for (const [index, own] of read.verdicts.entries()) {
      const value = part[index]!;
      const text = value === null ? "" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
      if (value !== null && isComparable(own, text)) asked.push({ value, text, own });
      else noteNotJson(options, plan, value, random);
    }
  }
  // What Millrace stores seldom ends a query; what it rejects sometimes does, so the two go apart.
  const isStored = ({ own }: { own: OwnVerdict }) => "row" in own;
  for (const group of [asked.filter(isStored), asked.filter((item) => !isStored(item))]) {
    const verdicts = readDocuments(
      oracle,
      plan.columns,
      group.map(({ text }) => text),
    );
    for (const [index, { value, text, own }] of group.entries()) {
      let outcome = judge(plan, text, own, verdicts[index]!);
      // After a document that it skips the engine sometimes puts a value of one row into another: asked alone it does not.
      if (outcome === "different") outcome = judge(plan, text, own, readAlone(oracle, plan.columns, value));
      counts.outcomes[outcome]++;
      if (outcome === "different") findings.push({ plan, value, between: "engine" });
      else if (outcome === "engineRefuses") options.onLeniency?.(plan, value, "millrace");
    }
  }
  counts.cases += values.length;
  for (const kind of new Set(plan.columns.map(({ type }) => type.kind))) {
    counts.byKind[kind] = (counts.byKind[kind] ?? 0) + values.length;
  }
  return findings;
}

/** A record that is no JSON object for Millrace: some of these are shown to the engine, to know how lax it is. */
function noteNotJson(
  { oracle, counts, onLeniency }: HostileRound,
  plan: TablePlan,
  value: Uint8Array | null,
  random: Randomness,
): void {
  counts.outcomes.notJson++;
  if (value === null || value.length === 0 || !random.oneIn(ALONE_ONE_IN)) return;
  counts.asked++;
  if (typeof readAlone(oracle, plan.columns, value) === "string") return;
  counts.lax++;
  onLeniency?.(plan, value, "engine");
}
