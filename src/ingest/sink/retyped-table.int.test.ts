import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRowsToNative } from "../../codec/native/rows-to-native.ts";
import { column } from "../../codec/testing/plan.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { createSink, type Sink, type SinkBatch } from "./sink.ts";
import { readShape, shapeCondition } from "./table-shape.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { longLease, windowSql } from "./testing/rows.ts";

/** One row: id 300 and level 2, with the offset 7. */
const columns = [column("id", parseColumnType("UInt32")), column("level", parseColumnType("Enum8('a' = 1, 'b' = 2)"))];
const rowsOf = (bytes: number[]) => ({
  format: "RowBinary" as const,
  bytes: Uint8Array.from(bytes),
  rowCount: 1,
  rowStarts: Uint32Array.of(0, bytes.length),
  offsets: Float64Array.of(7),
  sectionRows: Uint32Array.of(1),
});
const memberOf = (offset: number, rowCount: number) => [
  { topic: "t", partition: 0, firstOffset: offset, lastOffset: offset, rowCount },
];
const batchOf = (rows: Partial<SinkBatch>): SinkBatch => ({
  ...{ table: "d.target", columns, partitionKey: "", members: memberOf(0, 1) },
  ...rowsOf([0x2c, 1, 0, 0, 2]),
  ...rows,
});
const optional = columns.map((each): PlanColumn => ({ ...each, missing: { kind: "tableDefault" } }));

const formats: [name: string, SinkBatch][] = [
  ["RowBinary", batchOf({})],
  ["Native", batchOf(createRowsToNative(columns)(rowsOf([0x2c, 1, 0, 0, 2])))],
  [
    "RowBinaryOptional",
    batchOf({ ...rowsOf([1, 0x2c, 1, 0, 0, 1, 2]), format: "RowBinaryOptional", columns: optional }),
  ],
];

describe("a table that is altered while rows are written into it", () => {
  let engine: TestEngine;
  let sink: Sink;
  let altered: string[][] = [];

  beforeAll(async () => {
    engine = await startEngine();
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    altered = [];
    const events = {
      onRetry: (_table: string, error: unknown) => expect.fail(String(error)),
      onAltered: (_table: string, changes: string[]) => altered.push(changes),
    };
    sink = createSink(engine.client, { insertsMax: 1, signal: new AbortController().signal }, events);
    await engine.run(
      `CREATE OR REPLACE TABLE d.target (id UInt32 DEFAULT 5, level Enum8('a' = 1, 'b' = 2)) ENGINE = MergeTree
       ORDER BY tuple() ${windowSql}`,
    );
  });

  const store = (batch: SinkBatch, offset: number) => sink.store({ ...batch, members: memberOf(offset, 1) }, longLease);
  const stored = () =>
    engine.row(
      "SELECT arraySort(groupArray(toString(id))) AS ids, groupUniqArray(toString(level)) AS levels FROM d.target",
    );

  it.each(formats)(
    "takes no row that could mean something else in it, and keeps the token: %s",
    async (_name, batch) => {
      await store(batch, 1);
      for (const type of ["UInt8", "UInt64", "String", "Float32", "DateTime"]) {
        await engine.run(`TRUNCATE TABLE d.target`, `ALTER TABLE d.target MODIFY COLUMN id ${type} DEFAULT '5'`);
        const failure = await store(batch, 2).then(
          () => undefined,
          (error: Error) => error,
        );
        expect(failure?.message, type).toContain(`column id is ${type} by now, the rows were made for UInt32`);
        expect(failure?.message).toContain("not committed");
        expect(await stored(), type).toEqual({ ids: [], levels: [] });
      }
      await engine.run("ALTER TABLE d.target MODIFY COLUMN id UInt32 DEFAULT 5");
      await store(batch, 2);
      expect(await stored()).toEqual({ ids: ["300"], levels: ["b"] });
    },
  );

  it.each(formats)("takes rows that mean the same in it, and tells: %s", async (_name, batch) => {
    await store(batch, 1);
    await engine.run(
      "ALTER TABLE d.target ADD COLUMN more String FIRST",
      "ALTER TABLE d.target MODIFY COLUMN level Enum8('z' = -1, 'a' = 1, 'b' = 2, 'c' = 3)",
    );
    await store(batch, 2);
    expect(await stored()).toEqual({ ids: ["300", "300"], levels: ["b"] });
    expect(altered).toEqual([[expect.stringMatching(/^level was Enum8\(.*'c' = 3\)$/), "more String added"]]);
  });

  it("is looked at when the insert runs: the condition is no constant that was computed before", async () => {
    const shape = await readShape(engine.client, "d.target");
    const insert = `INSERT INTO d.target SELECT number, 'a' FROM numbers(1) WHERE ${shapeCondition("d.target", shape)}`;
    const answer = await engine.client.query({ query: `EXPLAIN PIPELINE ${insert}`, format: "TabSeparated" });
    expect(await answer.text()).toContain("CreatingSetsTransform");
  });
});

describe("the DEFAULT expressions of a table", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());

  /** Each with what the engine itself makes of `{"id": 1}`, and of a document that has the field. */
  const defaults: [type: string, expression: string, given: string][] = [
    ["String", "concat('n', toString(id))", "'x'"],
    ["LowCardinality(String)", "toString(other)", "'x'"],
    ["Nullable(Int32)", "id * 2", "NULL"],
    ["Nullable(Int32)", "NULL", "3"],
    ["LowCardinality(Nullable(String))", "'l'", "NULL"],
    ["Array(LowCardinality(String))", "['a', computed]", "['z']"],
    ["Map(String, Array(UInt8))", "map('k', [id])", "map('q', [7, 8])"],
    ["DateTime64(3)", "toDateTime64('2024-02-03 04:05:06.789', 3)", "toDateTime64('2020-01-01 00:00:00.001', 3)"],
    ["UUID", "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", "toUUID('00000000-5cb3-11e7-907b-a6006ad3dba0')"],
    ["Enum8('a' = 1, 'it\\'s' = 2)", "'it\\'s'", "'a'"],
    ["Array(String)", "arrayMap(x -> concat(x, '!'), ['id', before])", "[]"],
    ["Bool", "true", "false"],
    ["FixedString(3)", "'abc'", "'xyz'"],
    ["IPv6", "'::1'", "'::2'"],
  ];

  it.each(defaults)("are taken where a record has no value: %s DEFAULT %s", async (type, expression, given) => {
    const table = `(id UInt32, before String DEFAULT concat('b', toString(id)), value ${type} DEFAULT ${expression},
      other UInt32 DEFAULT id + 40, computed String MATERIALIZED toString(other)) ENGINE = MergeTree ORDER BY id ${windowSql}`;
    await engine.run("DROP TABLE IF EXISTS d.target", "DROP TABLE IF EXISTS d.oracle");
    await engine.run(`CREATE TABLE d.target ${table}`, `CREATE TABLE d.oracle ${table}`);
    await engine.run("INSERT INTO d.oracle (id, before) VALUES (1, 'own'), (2, '')");
    await engine.run(`INSERT INTO d.oracle (id, before, value) SELECT 3, 'own', ${given}`);
    // The engine's own bytes of a value, after the length of an array that holds it.
    const query = `SELECT value FROM d.oracle WHERE id = 3 FORMAT RowBinary`;
    const { stream } = await engine.client.exec({ query });
    const value: number[] = [];
    for await (const chunk of stream) value.push(...(chunk as Uint8Array));
    const rows = [
      [1, 0, 0, 0, 3, 0x6f, 0x77, 0x6e, 0],
      [2, 0, 0, 0, 0, 0],
      [3, 0, 0, 0, 3, 0x6f, 0x77, 0x6e, 1, ...value],
    ];
    const columnOf = (name: string, text: string) => column(name, parseColumnType(text));
    const batch: SinkBatch = {
      ...{ table: "d.target", partitionKey: "", members: memberOf(0, 3), format: "RowBinaryOptional" },
      columns: [
        columnOf("id", "UInt32"),
        columnOf("before", "String"),
        { ...columnOf("value", type), missing: { kind: "tableDefault" } },
      ],
      bytes: Uint8Array.from(rows.flat()),
      rowCount: 3,
      rowStarts: Uint32Array.from([0, rows[0]!.length, rows[0]!.length + rows[1]!.length, rows.flat().length]),
      offsets: Float64Array.of(0, 1, 2),
    };
    const events = { onRetry: (_table: string, error: unknown) => expect.fail(String(error)) };
    const sink = createSink(engine.client, { insertsMax: 1, signal: new AbortController().signal }, events);
    await sink.store(batch, longLease);
    const contents = (name: string) =>
      engine.row(
        `SELECT groupArray(formatRow('JSONEachRow', *, computed)) AS rows FROM (SELECT *, computed FROM ${name} ORDER BY id)`,
      );
    expect(await contents("d.target")).toEqual(await contents("d.oracle"));
    expect((await contents("d.target")).rows).toHaveLength(3);
  });
});
