import { expect, it } from "vitest";
import { type CheckRow, checks } from "./checks.ts";

function judge(name: string, ...rows: CheckRow[]) {
  const check = checks.find((one) => one.name === name)!;
  const verdict = check.judge(rows);
  return verdict === undefined ? "ok" : `${verdict.fault} → ${verdict.remedy}`;
}

const merge = { table: "a.t", kind: "merge", seconds: 599, percent: 40, parts: 9, size: "1 GiB" };
const partition = { table: "a.t", partition: "2026-01-01", parts: 499, delayed_from: 1_000, refused_from: 3_000 };
const insert = { table: "a.t", inserts: 600, per_second: 1, rows_each: 100, p95_ms: 200, failed: 0, error: "" };

it.each(checks.map(({ name }) => name))("%s: nothing is wrong with nothing", (name) => {
  expect(judge(name)).toBe("ok");
});

it.each([
  ["merges", merge, { seconds: 900 }, /merge of a\.t runs for 15 minutes \(40 % done\) → look at disk/],
  ["merges", merge, { seconds: 900, kind: "mutation" }, /KILL MUTATION/],
  ["parts", partition, { parts: 500 }, /500 parts in partition 2026-01-01; from 1000 on .* slowed down, from 3000/],
  ["inserts", insert, { failed: 3, error: "Code: 252" }, /3 of 600 inserts into a\.t failed, the last with: Code: 252/],
  ["inserts", insert, { p95_ms: 6_500 }, /take 6\.5 s/],
  ["inserts", insert, { per_second: 20 }, /20 inserts a second of 100 rows/],
  ["async-inserts", { table: "a.t", outcome: "Ok", inserts: 3, error: "" }, { outcome: "FlushError" }, /FlushError/],
  [
    "part-log",
    { minute: "12:01", table: "a.t", new_parts: 90, rows_each: 9, failed: 0 },
    { failed: 2 },
    /2 writes or merges/,
  ],
  [
    "new-parts",
    { minute: "12:01", table: "a.t", new_parts: 90, rows_each: 9 },
    { new_parts: 900 },
    /900 parts in the minute/,
  ],
])("%s tells what is not well, and not before it is", (name, well, change, says) => {
  expect(judge(name, well)).toBe("ok");
  expect(judge(name, well, { ...well, ...change } as CheckRow)).toMatch(says);
});

it("asynchronous inserts are a fault when they are acknowledged before they are written", () => {
  const settings = (isAsync: string, waits: string) => [
    { setting: "async_insert", value: isAsync },
    { setting: "wait_for_async_insert", value: waits },
  ];
  expect(judge("async-settings", ...settings("1", "1"))).toBe("ok");
  expect(judge("async-settings", ...settings("0", "0"))).toBe("ok");
  expect(judge("async-settings", ...settings("1", "0"))).toContain("acknowledged before they are written");
});
