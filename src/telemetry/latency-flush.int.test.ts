/**
 * Latency as it is stored, read in three ways that must agree: by ClickHouse alone (the views of migration 0013), by
 * `millrace latency`, and by hdr-histogram-js from the values themselves.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import type { JsHistogram } from "hdr-histogram-js";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { runMillrace } from "../testing/run-millrace.ts";
import { FlushStore } from "./flush-store.ts";
import { type FlushLabels, latencyFlush } from "./latency-flush.ts";
import { loadLatency } from "./latency-query.ts";
import { bucketBoundsMs, bucketsOf, metricBoundsMs } from "./stage-buckets.ts";
import { figuresOf, newHistogram, StageTable } from "./stages.ts";

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;
let env: { CLICKHOUSE_URL: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-latency-"));
  server = await startClickHouse({ port: 0, dataDir: join(folder, "data") });
  env = { CLICKHOUSE_URL: `http://127.0.0.1:${server.port}` };
  client = connectClickHouse({ url: env.CLICKHOUSE_URL, user: undefined, password: undefined }, 2);
  await migrate(client, { eventTables: "kept" });
}, 60_000);

beforeEach(() => client.command({ query: "TRUNCATE TABLE analytics.millrace_latency" }));

afterAll(async () => {
  await client?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const origin = { cluster: "c", group: "g" };
const labels: FlushLabels = { instance: "host:1", origin, profile: "low", vcpus: 1 };

/** Sends what a run of these labels would, at the times that the test names. */
function storeOf(whose: FlushLabels, to = client) {
  const store = new FlushStore(to);
  return {
    flush: (tables: Map<string, StageTable>, tsMs: number) => store.send([latencyFlush(tables, whose, tsMs)]),
  };
}

const wholeWindow = "from = now() - 3600, to = now() + 3600";
const figureColumns =
  "total_cnt AS count, p50_ms AS p50, p90_ms AS p90, p95_ms AS p95, p99_ms AS p99, max_ms AS max, min_ms AS min, " +
  "round(avg_ms, 3) AS avg, slow_cnt AS slow, round(slow_ratio, 9) AS slowRatio, skew_cnt AS skewed";

/** Rows of a query, with numbers as numbers. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  return queryRows(client, `${sql} SETTINGS output_format_json_quote_64bit_integers = 0`);
}

function tableOf(values: readonly (readonly [valueMs: number, count: number])[], group = ""): StageTable {
  const table = new StageTable();
  for (const [valueMs, count] of values) table.record("e2e", group, valueMs, count);
  return table;
}

/** Values over eight powers of ten, small ones more often, as latencies are. Always the same. */
function randomValues(count: number, seed: number): [number, number][] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => [Math.floor(10 ** (next() * 8)) - 1, 1 + Math.floor(next() * 5)]);
}

it("gives the figures of the HDR histogram over rows of two instances and many flushes, in SQL and by the command", async () => {
  const whole = { histogram: newHistogram(64), skewed: 0 };
  const stores = [labels, { ...labels, instance: "host:2" }].map((whose) => storeOf(whose));
  for (let flush = 0; flush < 6; flush += 1) {
    const values = randomValues(500, flush + 1);
    for (const [valueMs, count] of values) whole.histogram.recordValueWithCount(valueMs, count);
    await stores[flush % 2]!.flush(new Map([["events", tableOf(values)]]), Date.now() - flush * 10_000);
  }
  const { slowRatio, ...figures } = figuresOf(whole, 1_000);
  // The histogram knows the greatest value itself; what is stored knows its bucket.
  const expected = { ...figures, max: (whole.histogram as JsHistogram).highestEquivalentValue(figures.max) };
  const inSql = await ask(`SELECT ${figureColumns} FROM analytics.latency(${wholeWindow}, by = '')`);
  expect(inSql).toEqual([{ ...expected, slowRatio: expect.closeTo(slowRatio, 8) }]);
  const run = await runMillrace(["latency", "--json"], env);
  expect([run.stderr, run.code]).toEqual(["", 0]);
  expect(JSON.parse(run.stdout)).toEqual([
    { stage: "e2e", group: "", ...expected, slowRatio: expect.closeTo(slowRatio, 8) },
  ]);
});

it("is exact up to 2,047 ms, and beyond it less than 0.1 % above the value", async () => {
  const store = storeOf(labels);
  for (const [index, valueMs] of [0, 1, 2_047, 2_049, 60_001, 604_799_999].entries()) {
    await store.flush(new Map([["events", tableOf([[valueMs, 1]])]]), Date.now() - index * 60_000);
    const [row] = await ask(
      `SELECT max_ms, p95_ms FROM analytics.latency_series(${wholeWindow}, step = 1, by = '') ORDER BY bucket LIMIT 1`,
    );
    const upper = valueMs < 2_048 ? valueMs : valueMs * 1.001;
    expect(row!.p95_ms, String(valueMs)).toBe(row!.max_ms);
    expect(row!.max_ms).toBeGreaterThanOrEqual(valueMs);
    expect(row!.max_ms).toBeLessThanOrEqual(upper);
  }
});

it("tells latency apart by vCPU budget and profile, by pipeline, and by service with all records beside", async () => {
  const [low, mid] = [{ ...labels }, { ...labels, profile: "mid", vcpus: 2, instance: "host:2" }].map((whose) =>
    storeOf(whose),
  );
  const services = tableOf([[100, 8]]);
  services.record("e2e", "auth", 100, 3);
  services.record("e2e", "order", 300, 5);
  await low!.flush(new Map([["events", services]]), Date.now());
  await mid!.flush(
    new Map([
      ["events", tableOf([[20, 4]])],
      ["net.dns", tableOf([[7, 1]])],
    ]),
    Date.now(),
  );
  expect(
    await ask(`SELECT vcpus, profile, p95_ms, total_cnt FROM analytics.latency(${wholeWindow}, by = 'vcpus, profile')
      ORDER BY vcpus`),
  ).toEqual([
    { vcpus: 1, profile: "low", p95_ms: 100, total_cnt: 8 },
    { vcpus: 2, profile: "mid", p95_ms: 20, total_cnt: 5 },
  ]);
  expect(
    await ask(`SELECT pipeline, service, p95_ms, total_cnt FROM analytics.latency(${wholeWindow}, by = 'pipeline,service')
      ORDER BY pipeline, service`),
  ).toEqual([
    { pipeline: "events", service: "", p95_ms: 100, total_cnt: 12 },
    { pipeline: "events", service: "auth", p95_ms: 100, total_cnt: 3 },
    { pipeline: "events", service: "order", p95_ms: 300, total_cnt: 5 },
    { pipeline: "net.dns", service: "", p95_ms: 7, total_cnt: 1 },
  ]);
  const run = await runMillrace(["latency", "--by", "vcpus,profile", "--slow", "50ms"], env);
  const lines = run.stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(lines.slice(0, 3)).toEqual([
    [
      ...["stage", "vcpus", "profile", "records", "avg ms", "min ms", "p50 ms", "p95 ms", "p99 ms", "max ms"],
      ...["> 50 ms", "share", "skewed"],
    ],
    ["e2e", "1", "low", "8", "100.0", "100", "100", "100", "100", "100", "8", "100.0 %", "0"],
    ["e2e", "2", "mid", "5", "17.4", "7", "20", "20", "20", "20", "0", "0.0 %", "0"],
  ]);
  await expect(ask(`SELECT 1 FROM analytics.latency(${wholeWindow}, by = 'topic')`)).rejects.toThrow(
    "by takes service",
  );
});

it("counts a flush once that is sent again because its answer was lost", async () => {
  const flush = new Map([["events", tableOf([[5, 10]])]]);
  const tsMs = Date.now();
  await storeOf(labels).flush(flush, tsMs);
  await storeOf(labels).flush(flush, tsMs);
  expect(await ask("SELECT count() AS rows FROM analytics.millrace_latency")).toEqual([{ rows: 1 }]);
  expect(await ask(`SELECT total_cnt FROM analytics.latency(${wholeWindow}, by = '')`)).toEqual([{ total_cnt: 10 }]);
});

it("keeps what a server that is away did not take, and sends it with the next flush", async () => {
  let isAway = true;
  const flaky = {
    insert: (insert: Parameters<ClickHouseClient["insert"]>[0]) =>
      isAway ? Promise.reject(new Error("away")) : client.insert(insert),
  } as ClickHouseClient;
  const store = storeOf(labels, flaky);
  await expect(store.flush(new Map([["events", tableOf([[5, 1]])]]), Date.now() - 20_000)).rejects.toThrow("away");
  await expect(store.flush(new Map(), Date.now() - 10_000)).rejects.toThrow("away");
  isAway = false;
  await store.flush(new Map([["events", tableOf([[7, 1]])]]), Date.now());
  expect(await ask("SELECT max FROM analytics.millrace_latency ORDER BY ts")).toEqual([{ max: 5 }, { max: 7 }]);
});

it("reads rows from before there were buckets: the command whole, the views as records of which no more is known", async () => {
  const store = storeOf(labels);
  await store.flush(new Map([["events", tableOf([[40, 3]])]]), Date.now());
  await client.command({
    query: `INSERT INTO analytics.millrace_latency (ts, instance, pipeline, stage, count, skewed, histogram)
      SELECT ts, 'old', pipeline, stage, count, 2, histogram FROM analytics.millrace_latency`,
  });
  const views = await ask(`SELECT total_cnt, unbucketed_cnt, skew_cnt, p95_ms, vcpus, profile
    FROM analytics.latency(${wholeWindow}, by = 'vcpus,profile') ORDER BY vcpus`);
  expect(views).toEqual([
    { total_cnt: 0, unbucketed_cnt: 3, skew_cnt: 2, p95_ms: null, vcpus: 0, profile: "" },
    { total_cnt: 3, unbucketed_cnt: 0, skew_cnt: 0, p95_ms: 40, vcpus: 1, profile: "low" },
  ]);
  const [merged] = await loadLatency(client, { sinceMs: 60_000, untilMs: 0 }, []);
  expect(figuresOf(merged!.counts, 1_000)).toMatchObject({ count: 6, p95: 40, skewed: 2 });
});

it("has coarser buckets for heat maps, whose bounds are among those of /metrics", async () => {
  const values = randomValues(800, 99);
  const table = tableOf(values);
  await storeOf(labels).flush(new Map([["events", table]]), Date.now());
  const rows = await ask(
    `SELECT le_ms, total_cnt FROM analytics.latency_buckets(${wholeWindow}, step = 86400) ORDER BY le_ms`,
  );
  const { counts, count } = bucketsOf(table.cell("e2e", "").histogram);
  const upTo = [...bucketBoundsMs.map((bound) => counts[metricBoundsMs.indexOf(bound)]!), count];
  const expected = [...bucketBoundsMs, null].map((le_ms, index) => ({
    le_ms,
    total_cnt: upTo[index]! - (upTo[index - 1] ?? 0),
  }));
  expect(rows).toEqual(expected.filter(({ total_cnt }) => total_cnt > 0));
});

it("says of an empty window when there was something last", async () => {
  expect((await runMillrace(["latency", "--json"], env)).stdout).toBe("[]\n");
  const never = await runMillrace(["latency"], env);
  expect(never).toMatchObject({
    code: 0,
    stdout:
      "no latency was recorded in the last 10m, nor before: millrace start writes it every 10 s while it stores records\n",
  });
  const atMs = Date.now() - 2 * 3_600_000;
  await storeOf(labels).flush(new Map([["events", tableOf([[5, 1]])]]), atMs);
  const before = (await runMillrace(["latency", "--since", "1h"], env)).stdout;
  const [, minutes] = /^no latency was recorded in the last 1h\. .* millrace latency --since (\d+)m shows it\n$/.exec(
    before,
  )!;
  const shown = await runMillrace(["latency", "--since", `${minutes}m`, "--until", "1h", "--json"], env);
  expect(JSON.parse(shown.stdout)).toMatchObject([{ stage: "e2e", count: 1 }]);
  expect(await runMillrace(["latency", "--until", "10m"], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--since 10m --until 10m: the window ends before it begins"),
  });
}, 60_000);
