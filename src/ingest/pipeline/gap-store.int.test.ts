import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { migrate } from "../../operate/migrations/migrate.ts";
import { createSink } from "../sink/sink.ts";
import { startEngine, type TestEngine } from "../sink/testing/engine.ts";
import { longLease } from "../sink/testing/rows.ts";
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

it.each<[string, RangeGap[], string | undefined]>([
  ["a bundle", ranges, "id-of-a-bundle"],
  ["one range of a bundle", ranges.slice(1, 2), "id-of-another"],
  ["a range that was cut alone", ranges.slice(0, 1), undefined],
])("gaps of %s are stored with one insert, once, as the client stores them", async (_name, gaps, bundleId) => {
  const signal = new AbortController().signal;
  const events = { onRetry: (_table: string, error: unknown) => expect.fail(String(error)) };
  const sink = createSink(engine.client, { insertsMax: 1, signal }, events);
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
