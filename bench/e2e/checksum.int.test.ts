import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../src/ingest/sink/testing/engine.ts";
import { compareChecksums, readChecksum } from "./checksum.ts";
import type { BenchTable } from "./table.ts";

/** Whether the bench sees one wrong row: in the real engine, in a table half of whose rows have a NULL. */
const columns = [
  { name: "kafka_partition", type: "Int32" },
  { name: "kafka_offset", type: "Int64" },
  { name: "status", type: "Int32" },
  { name: "duration_ms", type: "Nullable(UInt32)" },
];
const wanted: BenchTable = { name: "bench.wanted", columns, engine: "MergeTree ORDER BY kafka_offset" };
const found: BenchTable = { ...wanted, name: "bench.found" };
const EVENTS = 1_000;

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.run("CREATE DATABASE bench");
});
afterAll(() => engine.close());

const structure = columns.map(({ name, type }) => `${name} ${type}`).join(", ");
beforeEach(async () => {
  for (const { name, engine: clause } of [wanted, found]) {
    await engine.run(
      `CREATE OR REPLACE TABLE ${name} (${structure}) ENGINE = ${clause}`,
      `INSERT INTO ${name} SELECT number % 3, number, 200, if(number % 2 = 0, NULL, number) FROM numbers(${EVENTS})`,
    );
  }
});

async function differences(): Promise<string[]> {
  const runs = [];
  for (const [peer, table] of [["a", wanted] as const, ["b", found] as const]) {
    runs.push({ peer, checksum: await readChecksum(engine.client, table) });
  }
  return compareChecksums(EVENTS, runs);
}

describe("the bench's checksum", () => {
  it("is the same for the same rows", async () => {
    expect(await differences()).toEqual([]);
  });

  it.each([
    [
      "another value beside a NULL",
      "UPDATE status = 500 WHERE kafka_offset = 10",
      ["b differs from a: columns status"],
    ],
    [
      "a NULL that is a number",
      "UPDATE duration_ms = 0 WHERE kafka_offset = 10",
      ["b differs from a: columns duration_ms"],
    ],
    [
      "a lost row with a NULL",
      "DELETE WHERE kafka_offset = 10",
      [
        "b: 999 rows with 999 distinct coordinates, 1000 events are in the topic",
        "b differs from a: columns kafka_partition, kafka_offset, status, duration_ms",
      ],
    ],
  ])("sees %s", async (_what, mutation, lines) => {
    await engine.run(`ALTER TABLE ${found.name} ${mutation} SETTINGS mutations_sync = 1`);
    expect(await differences()).toEqual(lines);
  });

  it("sees a doubled row", async () => {
    await engine.run(`INSERT INTO ${found.name} SELECT * FROM ${found.name} WHERE kafka_offset = 10`);
    expect((await differences())[0]).toBe("b: 1001 rows with 1000 distinct coordinates, 1000 events are in the topic");
  });
});
