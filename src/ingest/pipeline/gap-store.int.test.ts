import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makePlan } from "../../codec/testing/plan.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import type { RawRange } from "../dispatch/raw-bundle.ts";
import { createSink } from "../sink/sink.ts";
import { startEngine, type TestEngine } from "../sink/testing/engine.ts";
import { longLease } from "../sink/testing/rows.ts";
import { BundleInserts } from "./bundle-inserts.ts";
import { gapBatch, gapTable, type RangeGap, storeGap } from "./gap-store.ts";

/** Gaps of a bundle go in with one insert, and are what the client makes of each. */
let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await migrate(engine.client);
  await engine.run(`SYSTEM STOP MERGES ${gapTable}`);
});
afterAll(() => engine.close());
beforeEach(() => engine.run(`TRUNCATE TABLE ${gapTable}`));

const origin = { cluster: "home", group: "group of ü" };
const runsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ first: first + index * 10, last: first + index * 10 + 3 }));
const ranges: RangeGap[] = [
  { topic: "logs.auth", partition: 3, firstOffset: 0, lastOffset: 2_000, runs: runsFrom(5, 200) },
  { topic: "logs.auth", partition: 12, firstOffset: 5e9, lastOffset: 5e9 + 99, runs: [{ first: 5e9, last: 5e9 + 99 }] },
  { topic: "logs.web", partition: 3, firstOffset: 0, lastOffset: 2_000, runs: runsFrom(5, 1) },
];
const rows = async () => {
  const { all } = await engine.row(
    `SELECT arraySort(groupArray(tuple(* EXCEPT noted_at))) AS all FROM (SELECT * FROM ${gapTable})`,
  );
  return all as unknown[];
};
const partCount = async () => (await engine.row(`SELECT toUInt32(uniqExact(_part)) AS n FROM ${gapTable}`)).n;

const signal = new AbortController().signal;
const sinkOf = () => {
  const events = { onRetry: (_table: string, error: unknown) => expect.fail(String(error)) };
  return createSink(engine.client, { insertsMax: 1, signal }, events);
};

it.each<[string, RangeGap[], string | undefined]>([
  ["a bundle", ranges, "id-of-a-bundle"],
  ["one range of a bundle", ranges.slice(1, 2), "id-of-another"],
  ["a range that was cut alone", ranges.slice(0, 1), undefined],
])("gaps of %s are stored with one insert, once, as the client stores them", async (_name, gaps, bundleId) => {
  const sink = sinkOf();
  const batch = () => gapBatch({ ...origin, reason: "absent", ranges: gaps, tokenScope: "c:g", bundleId });
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await sink.store(batch(), longLease);
    expect(await partCount()).toBe(1);
  }
  const bySink = await rows();
  expect(bySink).toHaveLength(gaps.length);
  await engine.run(`TRUNCATE TABLE ${gapTable}`);
  for (const [index, { topic, partition, runs }] of gaps.entries()) {
    await storeGap(engine.client, { ...origin, topic, partition, runs, reason: "absent" }, `${gaps.length}/${index}`);
  }
  expect(await rows()).toEqual(bySink);
});

describe("records of a bundle that are gone when it is repeated", () => {
  const plan = makePlan({
    table: "d.kept",
    coordinates: { topic: "topic", partition: "p", offset: "o", limits: [] },
    deadLetters: {
      ...makePlan().deadLetters,
      table: "d.letters",
      coordinates: { topic: "topic", partition: "p", offset: "o", limits: [] },
    },
  });
  const lostOf = (partition: number, first: number, last: number): RawRange => ({
    ...{ topic: "t", partition, firstOffset: 0, lastOffset: 99, batches: [] },
    lost: [{ first, last }],
  });
  const bundle = [lostOf(0, 0, 49), lostOf(1, 20, 99), lostOf(2, 0, 99)];

  /** By an owner that has all but these partitions. */
  async function note(foreign: string[]): Promise<string[]> {
    const told: string[] = [];
    const tools = {
      ...{ origin, sink: sinkOf(), sharedTables: { has: async () => false }, givenUp: signal },
      onLost: (at: TopicPartition, { first, last }: OffsetRun) =>
        void told.push(`${at.topic}:${at.partition} ${first}-${last}`),
    };
    const history = { isReplay: true, isBare: false, absentOnly: false, foreign: new Set(foreign) };
    await new BundleInserts(tools, plan, history, 7).storeLost(bundle, { lease: longLease, bundleId: "bundle" });
    return told;
  }

  it("are noted once for all its ranges, told by the owner of each, and not noted where they were stored before", async () => {
    const columns = "(topic String, p Int32, o Int64) ENGINE = MergeTree ORDER BY o";
    await engine.run(
      "CREATE DATABASE IF NOT EXISTS d",
      `CREATE OR REPLACE TABLE d.kept ${columns}`,
      `CREATE OR REPLACE TABLE d.letters ${columns}`,
      "INSERT INTO d.kept SELECT 't', 2, number FROM numbers(90)",
      "INSERT INTO d.letters SELECT 't', 2, number + 90 FROM numbers(10)",
      "INSERT INTO d.kept SELECT 't', 1, number + 30 FROM numbers(10)",
      "INSERT INTO d.kept SELECT 'other', 1, number FROM numbers(100)",
    );
    expect(await note(["t:1"])).toEqual(["t:0 0-49"]);
    expect(await note(["t:0", "t:2"])).toEqual(["t:1 20-29", "t:1 40-99"]);
    const gaps = await engine.row(
      `SELECT arraySort(groupArray(concat(partition::String, ' ', toString(arrayZip(run_first, run_last)), ' ', reason)))
        AS noted FROM (SELECT * FROM ${gapTable})`,
    );
    expect(gaps.noted).toEqual(["0 [(0,49)] lost", "1 [(20,29),(40,99)] lost"]);
  });

  it("are nothing to note when all were stored", async () => {
    await engine.run("INSERT INTO d.kept SELECT 't', number % 3, intDiv(number, 3) FROM numbers(300)");
    expect([await note([]), await rows()]).toEqual([[], []]);
  });
});
