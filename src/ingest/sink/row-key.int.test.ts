import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldClocksOf } from "./held-clocks.ts";
import { insertStatement } from "./insert-statement.ts";
import { memberRowsOf } from "./member-rows.ts";
import { keyOfRows } from "./row-key.ts";
import { rowsCondition } from "./stored-rows.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { bundleOf, type TestMember } from "./testing/rows.ts";

/** The condition and the key of a bundle's rows, as the engine reads them, in columns of the types that a table may have. */
const members: TestMember[] = [
  { topic: "a", partition: 0, first: 10, last: 14 },
  { topic: "a", partition: 1, first: 10, last: 12 },
  { topic: "a", partition: 7, first: 0, last: 2 },
  { topic: "c", partition: 1, first: 12, last: 13 },
];
const places = members.flatMap(({ topic, partition, first, last }) =>
  Array.from({ length: last - first + 1 }, (_, index) => [topic, partition, first + index]),
);
const coordinates = { topic: "topic", partition: "p", offset: "o" };
const rowsOf = (of: TestMember[]) => {
  const batch = bundleOf(of, { table: "d.any", days: 1 });
  return memberRowsOf(batch, { firstRow: 0, endRow: batch.rowCount });
};

describe.each([
  ["LowCardinality(String), p Int32, o Int64", ""],
  ["String, p UInt8, o UInt64", ""],
  ["Nullable(String), p Nullable(UInt16), o Nullable(Int64)", "UNION ALL SELECT NULL, 1, 11"],
  ["LowCardinality(Nullable(String)), p Nullable(Int32), o Nullable(Int64)", "UNION ALL SELECT 'a', NULL, 11"],
])("rows with topic %s", (types, more) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await engine.run(
      "CREATE DATABASE d",
      `CREATE TABLE d.any (topic ${types}) ENGINE = MergeTree ORDER BY tuple()`,
      `INSERT INTO d.any SELECT * FROM (SELECT arrayJoin(['a', 'b', 'c']) AS t, arrayJoin(range(9)) AS p,
        arrayJoin(range(20)) AS o) ${more}`,
    );
  });
  afterAll(() => engine.close());

  it("are found by member and offset, and told apart", async () => {
    const rows = rowsOf(members);
    const { expression } = keyOfRows(coordinates, rows);
    const { found, keys } =
      await engine.row(`SELECT arraySort(groupArray((toString(topic), toInt32(p), toInt32(o)))) AS found,
      toUInt32(uniqExact(${expression})) AS keys FROM d.any WHERE ${rowsCondition(coordinates, rows)} AND 1`);
    expect([found, keys]).toEqual([places, places.length]);
  });

  it("of one topic as well", async () => {
    const rows = rowsOf(members.slice(0, 3));
    const { expression } = keyOfRows(coordinates, rows);
    const { n, keys } = await engine.row(`SELECT toUInt32(count()) AS n, toUInt32(uniqExact(${expression})) AS keys
      FROM d.any WHERE 1 AND ${rowsCondition(coordinates, rows)}`);
    expect([n, keys]).toEqual([11, 11]);
  });
});

describe("the statement of a repeat", () => {
  const shape = { version: "1", columns: new Map() };
  const terms = { token: "t", deadlineMs: 1, shape, share: undefined, isLoud: false };

  it("of one range is what it was before there were bundles", () => {
    const [rows] = [rowsOf(members.slice(0, 1))];
    expect(rowsCondition({ ...coordinates, limits: [{ column: "c", values: ["", "x"] }] }, rows)).toBe(
      "`topic` = 'a' AND `p` = 0 AND `o` BETWEEN 10 AND 14 AND `c` IN ('', 'x')",
    );
    expect(keyOfRows(coordinates, rows)).toEqual({
      expression: "toInt64(assumeNotNull(`o`))",
      group: "`o`",
      isLong: false,
    });
  });

  it("grows by some 200 bytes a member in a URL, with all that it looks up", () => {
    const sizeOf = (count: number) => {
      const many = Array.from({ length: count }, (_, partition) => ({
        ...{ topic: "a", partition: 1_000 + partition, first: 1e12 + 1e9 * partition, last: 1e12 + 1e9 * partition },
      }));
      const batch = { ...bundleOf(many, { table: "d.any", days: 1 }), ingesterClocks: ["id", "day"] };
      const piece = { firstRow: 0, endRow: count, shareCount: 1, shareIndex: 0 };
      const rows = memberRowsOf(batch, piece);
      const { expression } = keyOfRows(batch.coordinates!, rows);
      const absentOnly = `${expression} NOT IN (SELECT ${expression} FROM d.any WHERE ${rowsCondition(batch.coordinates!, rows)})`;
      const heldClocks = heldClocksOf(batch, piece)!;
      return encodeURIComponent(
        insertStatement(batch, { ...terms, partitionsMax: undefined, newerSettings: {}, heldClocks, absentOnly }),
      ).length;
    };
    const perMember = (sizeOf(2_000) - sizeOf(1_000)) / 1_000;
    expect(perMember).toBeGreaterThan(100);
    expect(perMember).toBeLessThan(250);
  });
});
