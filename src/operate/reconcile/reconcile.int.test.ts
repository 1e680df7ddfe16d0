import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { type Gap, storeGap } from "../../ingest/pipeline/gap-store.ts";
import { buildPlans } from "../../run/plans.ts";
import { eventsPipeline } from "../../schema/events-pipeline.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { migrate } from "../migrations/migrate.ts";
import { account } from "./accounting.ts";
import { type ReconcileOptions, reconcile } from "./reconcile.ts";
import { estimateRows } from "./reconcile-subject.ts";
import { type ReconcileTarget, reconcileTarget, requireReconcileTarget } from "./reconcile-target.ts";

/** The comparison against the real engine: rows, dead letters, gaps and replays are put there by SQL. */

const topic = "logs.auth";
const group = "g";
const cluster = "home";
const origin = { cluster, group };
let dir: string;
let server: ClickHouseServer;
let client: ClickHouseClient;
let plan: TablePlan;
let target: ReconcileTarget;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "millrace-reconcile-"));
  server = await startClickHouse({ port: 0, dataDir: dir });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 2);
  await migrate(client);
  for (const view of ["arrival_10s", "event_1m", "dead_1m"]) await sql(`DROP TABLE analytics.mv_millrace_${view}`);
  plan = (await buildPlans(client, [eventsPipeline], origin))[0]!;
  target = reconcileTarget(plan)!;
});

afterAll(async () => {
  await client?.close();
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  for (const table of ["fact_event", "fact_event_dlq", "millrace_gaps", "millrace_replays"]) {
    await sql(`TRUNCATE TABLE analytics.${table}`);
  }
});

async function sql(query: string): Promise<void> {
  await client.command({ query });
}

/** Rows of offsets `first` to `end` (half open), where `condition` on `o` holds. */
async function facts(first: number, end: number, condition = "true", partition = 0): Promise<void> {
  await sql(`INSERT INTO analytics.fact_event (event_ts, ingest_ts, processed_ts, service, topic, kafka_partition, kafka_offset)
    SELECT addMilliseconds(now64(3), o % 100000000), now64(3), now64(3), 'auth', '${topic}', ${partition}, o
    FROM (SELECT number + ${first} AS o FROM numbers(${end - first})) WHERE ${condition}`);
}

async function deadLetters(offsets: number[], pipeline = "events", whose = origin): Promise<void> {
  await sql(`INSERT INTO analytics.fact_event_dlq
    (processed_ts, error_type, raw_json, pipeline, kafka_cluster, kafka_group, topic, kafka_partition, kafka_offset)
    SELECT now64(3), 'x', '', '${pipeline}', '${whose.cluster}', '${whose.group}', '${topic}', 0,
      arrayJoin([${offsets.join(", ")}])`);
}

async function replayed(offsets: number[], outcome = "stored"): Promise<void> {
  await sql(`INSERT INTO analytics.millrace_replays (outcome, topic, kafka_partition, kafka_offset, target_table)
    SELECT '${outcome}', '${topic}', 0, arrayJoin([${offsets.join(", ")}]), 'analytics.fact_event'`);
}

const gap = (first: number, last: number, change: Partial<Gap> = {}): Gap => ({
  cluster,
  group,
  topic,
  partition: 0,
  reason: "absent",
  runs: [{ first, last }],
  ...change,
});

async function compare(first: number, end: number, options: ReconcileOptions = { origin }) {
  const [balance] = await reconcile(client, target, [{ topic, partition: 0, first, end }], { ...options, spansMax: 5 });
  return balance!;
}

describe("reconcile", () => {
  it("is content with facts and dead letters that hold every offset once", async () => {
    await facts(0, 1_000, "o % 10 != 3");
    await deadLetters(Array.from({ length: 100 }, (_, index) => index * 10 + 3));
    expect(await compare(0, 1_000)).toEqual({
      ...{ topic, partition: 0, first: 0, end: 1_000, expected: 1_000, stored: 900, dead: 100 },
      ...{ replayed: 0, gaps: 0, missing: 0, duplicate: 0, spans: [] },
    });
  });

  it("finds what is missing and what is doubled, and where", async () => {
    await facts(0, 1_000, "o NOT BETWEEN 100 AND 149 AND o != 700");
    await facts(200, 210);
    await deadLetters([205, 300]);
    const balance = await compare(0, 1_000);
    expect(balance).toMatchObject({ expected: 1_000, stored: 959, dead: 2, missing: 51, duplicate: 12 });
    expect(balance.spans).toEqual([
      { kind: "missing", first: 100, last: 149 },
      { kind: "duplicate", first: 200, last: 209 },
      { kind: "duplicate", first: 300, last: 300 },
      { kind: "missing", first: 700, last: 700 },
    ]);
  });

  it("tells spans over the borders of its buckets as one", async () => {
    await facts(0, 300_000, "o NOT BETWEEN 60000 AND 210000");
    const balance = await compare(0, 300_000);
    expect(balance.missing).toBe(150_001);
    expect(balance.spans).toEqual([{ kind: "missing", first: 60_000, last: 210_000 }]);
  });

  it("does not miss offsets that are known to have no record, however often they were noted", async () => {
    await facts(0, 1_000, "o NOT BETWEEN 100 AND 104 AND o != 500");
    await storeGap(client, gap(100, 104), "a");
    await storeGap(client, gap(100, 104), "a");
    await storeGap(client, gap(100, 104), "another token");
    await storeGap(
      client,
      gap(0, 0, {
        runs: [
          { first: 102, last: 102 },
          { first: 500, last: 500 },
        ],
      }),
      "another cut",
    );
    expect(await compare(0, 1_000)).toMatchObject({ stored: 994, gaps: 6, missing: 0, duplicate: 0, spans: [] });
    expect(await compare(102, 300)).toMatchObject({ expected: 198, gaps: 3, missing: 0 });
  });

  it("does not let a gap with rows in it hide a loss beside it", async () => {
    await facts(0, 1_000, "o != 50");
    await storeGap(client, gap(60, 69), "a");
    const balance = await compare(0, 1_000);
    expect(balance).toMatchObject({ gaps: 0, missing: 1, spans: [{ kind: "missing", first: 50, last: 50 }] });
  });

  it("takes absent records for granted in every group, lost and skipped ones in their own", async () => {
    await facts(0, 100, "o NOT BETWEEN 10 AND 39");
    await storeGap(client, gap(10, 19, { group: "other" }), "a");
    await storeGap(client, gap(20, 29, { group: "other", reason: "lost" }), "b");
    await storeGap(client, gap(30, 39, { reason: "skipped" }), "c");
    expect(await compare(0, 100)).toMatchObject({ gaps: 20, missing: 10, spans: [{ first: 20, last: 29 }] });
    expect(await compare(0, 100, {})).toMatchObject({ gaps: 30, missing: 0 });
  });

  it("goes through gaps of any length, and still counts rows in them that are doubled", async () => {
    const end = 5_000_000_000;
    await facts(0, 100);
    await facts(end - 100, end);
    await facts(4_000_000_000, 4_000_000_003);
    await facts(4_000_000_001, 4_000_000_002);
    await storeGap(client, gap(100, end - 101, { reason: "lost" }), "a");
    const balance = await compare(0, end);
    expect(balance).toMatchObject({ expected: end, stored: 204, gaps: end - 203, missing: 0, duplicate: 1 });
    expect(balance.spans).toEqual([{ kind: "duplicate", first: 4_000_000_001, last: 4_000_000_001 }]);
  }, 30_000);

  it("counts a replayed dead letter as the row it became, and a doubled one as doubled", async () => {
    await facts(0, 99);
    await deadLetters([40, 41, 42, 99]);
    await replayed([40, 41]);
    await replayed([42], "already_there");
    const balance = await compare(0, 100);
    expect(balance).toMatchObject({ stored: 99, dead: 2, replayed: 2, missing: 0, duplicate: 1 });
    expect(balance.spans).toEqual([{ kind: "duplicate", first: 42, last: 42 }]);
  });

  it("misses a dead letter whose replay is said to be stored and is not", async () => {
    await facts(0, 99);
    await deadLetters([99]);
    await replayed([99]);
    expect(await compare(0, 100)).toMatchObject({ dead: 0, missing: 1, spans: [{ first: 99, last: 99 }] });
  });

  it("leaves dead letters of other pipelines, groups and clusters aside, not those from before they were noted", async () => {
    await facts(0, 100, "o != 7");
    await deadLetters([7], "another");
    await deadLetters([7], "events", { cluster, group: "another" });
    await deadLetters([7], "events", { cluster: "another", group });
    expect(await compare(0, 100)).toMatchObject({ dead: 0, missing: 1, duplicate: 0 });
    await deadLetters([7], "events", { cluster: "", group: "" });
    expect(await compare(0, 100)).toMatchObject({ dead: 1, missing: 0, duplicate: 0 });
  });

  it("takes neither rows nor gaps nor replays of another cluster for its own", async () => {
    await facts(0, 100, "o NOT IN (7, 8)");
    await sql(`INSERT INTO analytics.fact_event SELECT * REPLACE ('away' AS kafka_cluster) FROM analytics.fact_event`);
    await storeGap(client, gap(7, 7, { cluster: "away" }), "a");
    await storeGap(client, gap(8, 8, { cluster: "away" }), "b");
    await storeGap(client, gap(8, 8), "c");
    await sql("OPTIMIZE TABLE analytics.millrace_gaps FINAL");
    expect(await compare(0, 100)).toMatchObject({ stored: 98, gaps: 1, missing: 1, duplicate: 0 });
    await deadLetters([7]);
    await replayed([7]);
    await sql(
      "ALTER TABLE analytics.millrace_replays UPDATE kafka_cluster = 'away' WHERE true SETTINGS mutations_sync = 2",
    );
    expect(await compare(0, 100)).toMatchObject({ dead: 1, replayed: 0, missing: 0, duplicate: 0 });
  });

  describe("where a replica may lag", () => {
    const ask = (replicaWaitMs: number, readsMayLag = true) =>
      reconcile(client, { ...target, readsMayLag }, [{ topic, partition: 0, first: 0, end: 100 }], { replicaWaitMs });

    it("asks again before it calls a row missing", async () => {
      await facts(0, 100, "o != 50");
      const asked = ask(20_000);
      await sleep(400);
      await facts(50, 51);
      expect(await asked).toMatchObject([{ stored: 100, missing: 0, duplicate: 0 }]);
    });

    it("calls it missing in the end", async () => {
      await facts(0, 100, "o != 50");
      expect(await ask(300)).toMatchObject([{ stored: 99, missing: 1 }]);
    });

    it("does not wait where every acknowledged row is seen", async () => {
      await facts(0, 100, "o != 50");
      const startedMs = performance.now();
      expect(await ask(20_000, false)).toMatchObject([{ missing: 1 }]);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    });
  });

  it("reads only what the offsets are in", async () => {
    await facts(0, 400_000);
    await sql("OPTIMIZE TABLE analytics.fact_event FINAL");
    const rows = await estimateRows(client, target, [{ topic, partition: 0, first: 100_000, end: 110_000 }]);
    expect(rows).toBeGreaterThanOrEqual(10_000);
    expect(rows).toBeLessThan(60_000);
  });

  it("sums partitions for the report, and proves nothing without coordinates", async () => {
    await facts(0, 10);
    await facts(0, 10, "o != 4", 1);
    const ranges = [0, 1, 2].map((partition) => ({ topic, partition, first: 0, end: partition === 2 ? 0 : 10 }));
    const { balance, uncountable, isPartial } = await account(client, [plan], ranges);
    expect(balance).toMatchObject({ expected: 20, stored: 19, missing: 1, duplicate: 0 });
    expect([uncountable, isPartial]).toEqual([[], false]);
    const blind = { ...plan, columns: plan.columns.filter(({ name }) => name !== "kafka_offset") };
    expect(await account(client, [blind], ranges)).toEqual({
      balance: undefined,
      uncountable: [
        "analytics.fact_event: missing and doubled rows cannot be counted: analytics.fact_event does not store kafka_offset " +
          "of each record. 20 committed offsets: ClickHouse has acknowledged each of them",
      ],
      isPartial: true,
    });
    expect(() => requireReconcileTarget(blind)).toThrow(/analytics.fact_event: it does not store kafka_offset/);
  });
});
