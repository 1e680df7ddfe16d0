import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSink, type Sink, type SinkBatch } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, fencedFormats, longLease, testColumnsSql } from "./testing/rows.ts";
import { TokenMemory } from "./token-memory.ts";

/** Repeats whose token the table has forgotten: what was inserted since is more than its window holds. */

let engine: TestEngine;
let forgotten: string[];

function sinkOf(allowsDuplicates = false): Sink {
  const { signal } = new AbortController();
  const events = { onRetry: () => {}, onForgotten: (table: string) => forgotten.push(table) };
  return createSink(engine.client, { insertsMax: 1, signal, retryFirstMs: 1, allowsDuplicates }, events);
}

beforeAll(async () => {
  engine = await startEngine();
  await engine.run("CREATE DATABASE f");
});
afterAll(() => engine.close());
beforeEach(() => {
  forgotten = [];
});

async function createTable(table: string, window: number): Promise<void> {
  await engine.run(
    `CREATE TABLE ${table} (${testColumnsSql}) ENGINE = MergeTree ORDER BY id
      SETTINGS non_replicated_deduplication_window = ${window}`,
  );
}

const replayOf = (batch: SinkBatch): SinkBatch => ({ ...batch, isReplay: true, announcedMs: Date.now() });
const countOf = async (table: string) => {
  return Number((await engine.row(`SELECT count() AS c FROM ${table} WHERE kafka_offset BETWEEN 100 AND 119`)).c);
};

/** Three inserts of other ranges. */
async function crowdOut(sink: Sink, table: string): Promise<void> {
  for (const first of [200, 300, 400]) {
    await sink.store(batchOf({ table, first, last: first + 9, days: 1 }), longLease);
  }
}

describe.each(fencedFormats)("a replay in %s whose token may be forgotten", (name, inFormat) => {
  it("stores nothing where its rows are there, all where none is, and what is absent where some are", async () => {
    const sink = sinkOf();
    const table = `f.${name.toLowerCase()}`;
    await createTable(table, 2);
    const range = inFormat(batchOf({ table, first: 100, last: 119, days: 3 }));
    await crowdOut(sink, table);
    await sink.store(replayOf(range), longLease);
    expect(await countOf(table)).toBe(20);
    await crowdOut(sink, table);
    await sink.store(replayOf(range), longLease);
    expect(await countOf(table)).toBe(20);
    await engine.run(`DELETE FROM ${table} WHERE kafka_offset BETWEEN 105 AND 110`);
    await sink.store(replayOf(range), longLease);
    expect(await countOf(table)).toBe(20);
    expect(forgotten).toEqual([table, table, table]);
  });
});

describe("a replay", () => {
  it("goes by its token alone while the table remembers it: a view may lack what the table has", async () => {
    const sink = sinkOf();
    await createTable("f.known", 10_000);
    const range = batchOf({ table: "f.known", first: 100, last: 119, days: 3 });
    await sink.store(range, longLease);
    await crowdOut(sink, "f.known");
    await sink.store(replayOf(range), longLease);
    expect([await countOf("f.known"), forgotten]).toEqual([20, []]);
  });

  it("is not doubled in a table behind a view that remembers less", async () => {
    const sink = sinkOf();
    await createTable("f.source", 10_000);
    await createTable("f.behind", 1);
    await engine.run("CREATE MATERIALIZED VIEW f.view TO f.behind AS SELECT * FROM f.source");
    const range = batchOf({ table: "f.source", first: 100, last: 119, days: 3 });
    await sink.store(range, longLease);
    await crowdOut(sink, "f.source");
    await sink.store(replayOf(range), longLease);
    expect([await countOf("f.source"), await countOf("f.behind")]).toEqual([20, 20]);
  });

  it("stops where the table cannot be asked, and goes on where doubled rows are allowed", async () => {
    await createTable("f.blind", 1);
    const range = { ...batchOf({ table: "f.blind", first: 100, last: 119, days: 3 }), coordinates: undefined };
    const sink = sinkOf();
    await sink.store(range, longLease);
    await crowdOut(sink, "f.blind");
    await expect(sink.store(replayOf(range), longLease)).rejects.toThrow(/t:0:100-119.*--allow-duplicates/s);
    const merged = { ...replayOf(batchOf({ table: "f.blind", first: 100, last: 119, days: 3 })), mergesRows: true };
    await expect(sink.store(merged, longLease)).rejects.toThrow(/merges rows by design/);
    expect(await countOf("f.blind")).toBe(20);
    await sinkOf(true).store(replayOf(range), longLease);
    expect(await countOf("f.blind")).toBe(40);
  });

  it("is not asked about where the table has no window: nothing is guaranteed there", async () => {
    await createTable("f.none", 0);
    const range = batchOf({ table: "f.none", first: 100, last: 119, days: 3 });
    await sinkOf().store(range, longLease);
    await sinkOf().store(replayOf(range), longLease);
    expect([await countOf("f.none"), forgotten]).toEqual([40, []]);
  });
});

describe("what a table remembers", () => {
  it("is asked once for the ranges of an outage, and again for an older one", async () => {
    await createTable("f.large", 100_000);
    await crowdOut(sinkOf(), "f.large");
    let counted = 0;
    const client = {
      query(options: { query: string }) {
        if (options.query.includes("system.parts")) counted += 1;
        return engine.client.query(options);
      },
    } as unknown as ClickHouseClient;
    const memory = new TokenMemory(client);
    const outageMs = Date.now() - 60_000;
    for (let range = 0; range < 20; range += 1) {
      expect(await memory.mayHaveForgotten("f.large", outageMs + range)).toBe(false);
    }
    expect(counted).toBe(1);
    expect(await memory.mayHaveForgotten("f.large", outageMs - 1)).toBe(false);
    expect(counted).toBe(2);
  });
});
