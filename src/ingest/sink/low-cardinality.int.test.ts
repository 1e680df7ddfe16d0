import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowHashSql } from "../../testing/row-hash.ts";
import { insertOnce } from "./insert.ts";
import { readNewerSettings } from "./insert-settings.ts";
import type { InsertTerms } from "./insert-statement.ts";
import { readShape } from "./table-shape.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { windowSql } from "./testing/rows.ts";

const ROWS = 70_000;
const types: Record<string, string> = {
  id: "UInt32",
  short: "LowCardinality(String)",
  absent: "LowCardinality(Nullable(String))",
  fixed: "LowCardinality(FixedString(3))",
  day: "LowCardinality(Date)",
  number: "LowCardinality(Nullable(Int64))",
  many: "Array(LowCardinality(String))",
  pairs: "Map(LowCardinality(String), LowCardinality(Nullable(String)))",
};
const columns = Object.entries(types).map(([name, text]) => ({ name, type: { text } }));
const structure = columns.map(({ name, type }) => `${name} ${type.text}`).join(", ");

/** In the body of a RowBinary insert these columns have the types within; the table must not notice. */
describe.each(["RowBinary", "Native"])("LowCardinality columns in %s", (format) => {
  let engine: TestEngine;
  let bytes: Uint8Array;

  beforeAll(async () => {
    engine = await startEngine();
    const table = `(${structure}) ENGINE = MergeTree ORDER BY id ${windowSql}`;
    const some = (name: string) => `${name} % 7 = 0 ? NULL : toString(${name} % 300)`;
    await engine.run("CREATE DATABASE d");
    const clickhouse_settings = { allow_suspicious_low_cardinality_types: 1 } as const;
    for (const name of ["source", "target"]) {
      await engine.client.command({ query: `CREATE TABLE d.${name} ${table}`, clickhouse_settings });
    }
    await engine.run(
      `INSERT INTO d.source SELECT number, toString(number % 999), ${some("number")}, toString(100 + number % 900),
         toDate(number % 365), number % 5 = 0 ? NULL : number % 100, [toString(number % 3), ''],
         map(toString(number % 4), ${some("number + 1")}) FROM numbers(${ROWS})`,
    );
    const query = `SELECT * FROM d.source ORDER BY id FORMAT ${format} SETTINGS max_threads = 1, max_block_size = ${ROWS}`;
    const { stream } = await engine.client.exec({ query });
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk as Uint8Array);
    bytes = Buffer.concat(chunks);
  });
  afterAll(() => engine.close());

  const hashOf = (from: string) =>
    engine.row(`SELECT toUInt32(count()) AS rows, ${rowHashSql("*")} AS hash FROM ${from}`);

  async function insert(token: string, share?: InsertTerms["share"]): Promise<void> {
    const newerSettings = await readNewerSettings(engine.client);
    const terms = {
      token,
      deadlineMs: Date.now() + 60_000,
      shape: await readShape(engine.client, "d.target"),
      share,
      isLoud: true,
      partitionsMax: undefined,
      newerSettings,
    };
    await insertOnce(engine.client, { table: "d.target", columns, format, bytes, rowCount: ROWS }, terms);
  }

  it("are stored as they are, once", async () => {
    await insert("whole");
    await insert("whole");
    expect(await hashOf("d.target")).toEqual(await hashOf("d.source"));
    expect(await hashOf("d.target")).toMatchObject({ rows: ROWS });
  });

  it("divide rows alike when they are in the partition key", async () => {
    await engine.run("TRUNCATE TABLE d.target");
    const partitionKey = "(short, absent, number)";
    for (const shareIndex of [0, 2]) await insert(`share ${shareIndex}`, { partitionKey, shareCount: 3, shareIndex });
    const wanted = `(SELECT * FROM d.source WHERE sipHash64(tuple(${partitionKey})) % 3 != 1)`;
    expect(await hashOf("d.target")).toEqual(await hashOf(wanted));
  });
});
