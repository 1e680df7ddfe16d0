import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertErrors } from "../../clients/clickhouse/insert-errors.ts";
import { column } from "../../codec/testing/plan.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import { createSink, type SinkBatch } from "./sink.ts";
import { connectTo, startEngine, type TestEngine } from "./testing/engine.ts";
import { openRoad } from "./testing/road.ts";
import { longLease, windowSql } from "./testing/rows.ts";

const columns = [
  column("id", parseColumnType("UInt8")),
  column("name", parseColumnType("String")),
  column("topic", parseColumnType("String")),
  column("kafka_partition", parseColumnType("UInt8")),
];

/** Rows with these names; the id of each is its offset. */
function batchOf(names: string[]): SinkBatch {
  const rows = names.map((name, id) => [id, name.length, ...Buffer.from(name), 1, 0x74, 0]);
  const rowStarts = [0];
  for (const row of rows) rowStarts.push(rowStarts.at(-1)! + row.length);
  return {
    ...{ table: "d.target", columns, partitionKey: "", format: "RowBinary" },
    members: [{ topic: "t", partition: 0, firstOffset: 0, lastOffset: names.length - 1, rowCount: names.length }],
    coordinates: { topic: "topic", partition: "kafka_partition", offset: "id" },
    bytes: Uint8Array.from(rows.flat()),
    rowCount: names.length,
    rowStarts: Uint32Array.from(rowStarts),
    offsets: Float64Array.from(names.keys()),
  };
}

describe("the error codes of ClickHouse", () => {
  let engine: TestEngine;
  let retries: string[] = [];
  beforeAll(async () => {
    engine = await startEngine();
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());

  /** Codes that read like a value's, of statements and formats that Millrace does not send. */
  const ofOthers =
    /PROTOBUF|CAPN|BACKUP|MYSQL|SQLITE|PROMQL|ELF|DWARF|JOIN|LIMIT_EXPRESSION|FIELD_DUMP|^(SEEK_POSITION_OUT_OF_BOUND|INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE|TOO_LARGE_(SIZE_COMPRESSED|DISTRIBUTED_DEPTH|LIGHTWEIGHT_UPDATES)|CANNOT_CONVERT_CHARSET)$/;

  it("are named as the engine names them, and whatever reads like a value's is judged so", async () => {
    const { codes } = (await engine.row(
      `SELECT groupArray((toString(number), errorCodeToName(number))) AS codes
       FROM numbers(10000) WHERE errorCodeToName(number) != ''`,
    )) as { codes: [string, string][] };
    const names = new Map(codes);
    expect(insertErrors.map(({ code, name }) => [code, name])).toEqual(
      insertErrors.map(({ code }) => [code, names.get(code)]),
    );
    const judged = new Map(insertErrors.map(({ code, class: errorClass }) => [code, errorClass]));
    const unjudged = codes
      .filter(([, name]) =>
        /^CANNOT_(PARSE|CONVERT|READ_.*_FROM_TEXT|INSERT|FORMAT)|OUT_OF_(BOUND|RANGE)|^TOO_LARGE|OVERFLOW$|OF_ENUM$/.test(
          name,
        ),
      )
      .filter(([code, name]) => judged.get(code) !== "data" && !ofOthers.test(name));
    expect(unjudged).toEqual([]);
  });

  const ends = async (names: string[], materialized: string) => {
    retries = [];
    await engine.run(
      "DROP TABLE IF EXISTS d.view",
      `CREATE OR REPLACE TABLE d.target (id UInt8, name String, topic String, kafka_partition UInt8,
        computed ${materialized}) ENGINE = MergeTree ORDER BY id ${windowSql}`,
    );
    return sinkOf().store(batchOf(names), longLease);
  };
  const sinkOf = (client = engine.client) =>
    createSink(
      client,
      { insertsMax: 1, signal: new AbortController().signal, retryFirstMs: 1, retryMaxMs: 2 },
      { onRetry: (_table, _error, _attempt, _delayMs, errorClass) => retries.push(errorClass) },
    );
  const unjudged = { status: 500, code: 9_998, name: "UNJUDGED" };
  const stored = () => engine.row("SELECT arraySort(groupArray(id)) AS ids FROM d.target");
  const uuid = "61f0c404-5cb3-11e7-907b-a6006ad3dba0";

  it("of a computed column end in one dead letter for the row that is to blame", async () => {
    const { refusals } = await ends([uuid, uuid, "no uuid", uuid], "UUID MATERIALIZED toUUID(name)");
    expect(refusals).toMatchObject([{ offset: 2, errorType: "clickhouse_cannot_parse_uuid" }]);
    expect([await stored(), retries]).toEqual([{ ids: [0, 1, 3] }, []]);
  });

  it("that nobody has judged are repeated for a while, and then end alike, the other rows stored", async () => {
    const { refusals } = await ends(["a", "b", "(", "d", "e"], "UInt8 MATERIALIZED match('x', name)");
    expect(refusals).toMatchObject([{ offset: 2, errorType: "clickhouse_cannot_compile_regexp" }]);
    expect(await stored()).toEqual({ ids: [0, 1, 3, 4] });
    // The whole twelve times more, each part that is refused once more.
    expect(retries).toHaveLength(12 + 2);
    expect(new Set(retries)).toEqual(new Set(["doubtful"]));
    expect((await ends(["("], "UInt8 MATERIALIZED match('x', name)")).refusals).toHaveLength(1);
  });

  it("that nobody has judged stop, when no row is taken: then it is not the rows", async () => {
    const names = Array.from({ length: 40 }, () => "(");
    await expect(ends(names, "UInt8 MATERIALIZED match('x', name)")).rejects.toThrow(
      "Millrace does not know this error",
    );
    expect(retries.length).toBeLessThan(60);
    expect(await stored()).toEqual({ ids: [] });
  });

  it("that nobody has judged stop, when range after range of one row is refused: few come at a time", async () => {
    await ends([], "UInt8 DEFAULT 0");
    const road = await openRoad(engine.port);
    const client = connectTo(road.port);
    const sink = sinkOf(client);
    const storeOne = () => sink.store(batchOf(["a"]), longLease);
    // Said by the road: the server's own, which the cases before have, take it 40 ms each.
    const refuseOne = () => {
      road.accidents.push(...Array.from({ length: 13 }, () => unjudged));
      return storeOne();
    };
    for (let count = 1; count <= 15; count += 1) expect((await refuseOne()).refusals).toHaveLength(1);
    expect((await storeOne()).refusals).toEqual([]);
    await engine.run("TRUNCATE TABLE d.target");
    for (let count = 1; count <= 15; count += 1) expect((await refuseOne()).refusals).toHaveLength(1);
    await expect(refuseOne()).rejects.toThrow("Millrace does not know this error");
    // Each alone is sent 13 times, and the one that was stored once.
    expect(road.inserts).toBe(31 * 13 + 1);
    await client.close();
    await road.close();
  });

  it("that nobody has judged stop where nobody can know whether the range is stored: its pieces would double it", async () => {
    await ends([], "UInt8 DEFAULT 0");
    const road = await openRoad(engine.port);
    const client = connectTo(road.port);
    road.accidents.push("after", ...Array.from({ length: 13 }, () => unjudged));
    const batch = { ...batchOf(["a", "b", "c", "d"]), coordinates: undefined };
    await expect(sinkOf(client).store(batch, longLease)).rejects.toThrow("Millrace does not know this error");
    expect([await stored(), road.inserts]).toEqual([{ ids: [0, 1, 2, 3] }, 14]);
    await client.close();
    await road.close();
  });

  it.each(["toUUID(name)", "match('x', name)"])("of a view stop, whatever they are: %s", async (expression) => {
    await ends([], "UInt8 DEFAULT 0");
    await engine.run(
      `CREATE MATERIALIZED VIEW d.view ENGINE = MergeTree ORDER BY tuple() AS SELECT ${expression} AS value FROM d.target`,
    );
    const failure = await sinkOf()
      .store(batchOf([uuid, "("]), longLease)
      .catch((error: Error) => error);
    expect(String(failure)).toContain("mend the materialized view d.view");
    await engine.run("DROP TABLE d.view");
  });
});
