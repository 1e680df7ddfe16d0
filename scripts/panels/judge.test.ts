import { expect, it } from "vitest";
import type { Bounds, Query } from "../dashboards/panel-row.ts";
import { type Agreement, disagreements } from "./agreement.ts";
import type { Answer } from "./answer.ts";
import { judge } from "./judge.ts";
import { listing } from "./listing.ts";

const bounds: Bounds = { rows: [1, 2], values: { p95: [0, 10], "*": [0, 1] } };
const sql = (change: Partial<Bounds> = {}): Query => ({ sql: "SELECT 1", expect: { ...bounds, ...change } });
const prom = (change: Partial<Bounds> = {}): Query => ({
  ...{ promql: "x", legend: "{{reason}} of {{topic}}" },
  expect: { rows: [1, 2], values: { "*": [0, 1] }, ...change },
});
const good: Answer = { rows: 1, numbers: { p95: [10], other: [1] } };
const series: Answer = { rows: 1, numbers: { "*": [0, 1] }, labels: [{ reason: "a", topic: "t" }] };

it.each<[string, Query, Answer, string[]]>([
  ["what is as stated", sql(), good, []],
  ["no row", sql(), { rows: 0, numbers: {} }, ["is empty"]],
  ["no row where that is allowed", sql({ mayBeEmpty: "nothing was lost" }), { rows: 0, numbers: {} }, []],
  ["too many rows", sql(), { ...good, rows: 3 }, ["has 3 rows, not 1 to 2"]],
  ["a value too great", sql(), { rows: 1, numbers: { p95: [11], other: [0] } }, ["has 11 in p95, not 0 to 10"]],
  ["a value of another column", sql(), { rows: 1, numbers: { p95: [2], other: [2] } }, ["has 2 in other, not 0 to 1"]],
  ["no number", sql(), { rows: 1, numbers: { p95: [Number.NaN], other: [] } }, ["has NaN in p95, not 0 to 10"]],
  ["a column that is missing", sql(), { rows: 1, numbers: { other: [1] } }, ["has no column of numbers p95"]],
  ["what never moved", sql({ peak: 11 }), good, ["has 10 at most, not 11 or more"]],
  ["series", prom(), series, []],
  ["a 0 that stands in", prom(), { ...series, labels: [{ topic: "t" }] }, ["has no series with the label reason"]],
])("judges %s", (_, query, answer, wrong) => {
  expect(judge(query, answer)).toEqual(wrong);
});

it("lists what was returned, what may be, and what is wrong", () => {
  const finding = { dashboard: "ops", panel: "Dead letters", query: prom() };
  const lines = listing([
    { ...finding, answer: series, wrong: [] },
    { ...finding, wrong: ["is refused: no such metric"] },
  ]);
  expect(lines).toEqual([
    "ok   ops: Dead letters ({{reason}} of {{topic}}): 1 series, 0 to 1 (1–2 expected; 0 to 1)",
    "FAIL ops: Dead letters ({{reason}} of {{topic}}): none (1–2 expected; 0 to 1)\n     is refused: no such metric",
  ]);
});

it.each<[string, Partial<Agreement["p95Ms"]>, string[]]>([
  ["all alike", {}, []],
  ["what buckets allow", { console: 212, Prometheus: 209 }, []],
  ["another histogram", { "/api/status": 201 }, ["/api/status says 201 ms, which has to lie between 202 and 203"]],
  [
    "a console that is wrong",
    { console: 100 },
    ["console says 100 ms, which has to lie between 190.89999999999998 and 214.15"],
  ],
  ["another bucket", { Prometheus: 251 }, ["Prometheus says 251 ms, which has to lie between 200 and 209.1"]],
  ["none", { Prometheus: Number.NaN }, ["Prometheus says NaN ms, which has to lie between 200 and 209.1"]],
])("judges tellers: %s", (_, change, wrong) => {
  const alike = { SQL: 202, "millrace latency": 202, "/api/status": 202, console: 202, Prometheus: 202 };
  expect(disagreements({ ...alike, ...change }, { before: 202, after: 203 })).toEqual(wrong);
});
