/** What came into Kafka minute by minute, and how much of it is done (migration 0017), on the real engine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import type { PartitionOffsets } from "../clients/kafka/offsets.ts";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { RunArrivals } from "./run-arrivals.ts";

const minuteMs = 60_000;
/** Begin of a minute twenty minutes ago. */
const baseMs = Math.floor(Date.now() / minuteMs) * minuteMs - 20 * minuteMs;

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-arrivals-"));
  server = await startClickHouse({ port: 0, dataDir: join(folder, "data") });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 2);
  await migrate(client, { eventTables: "kept" });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const plans = [
  { pipeline: "events", topics: ["logs.auth", "logs.order"] },
  { pipeline: "net.dns", topics: ["dns"] },
];

/** Of partition 0: `logEnd/committed` by topic; the log begins at 0. */
function at(stand: Record<string, readonly [logEnd: number, committed?: number]>): PartitionOffsets[] {
  return Object.entries(stand).map(([topic, [logEnd, committed]]) => {
    return { topic, partition: 0, logStart: 0, logEnd, committed };
  });
}

function open(group: string, begin: PartitionOffsets[]) {
  let now = begin;
  const origin = { cluster: "c", group };
  const arrivals = new RunArrivals({ client, origin, plans, begin, readOffsets: () => Promise.resolve(now) });
  return (minute: number, stand: PartitionOffsets[], secondOfMinute = 30) => {
    now = stand;
    return arrivals.flush(baseMs + minute * minuteMs + secondOfMinute * 1_000);
  };
}

/** Minutes from the base, what came in them and what of it is done. */
async function arrivalsOf(group: string, by = "pipeline"): Promise<unknown[][]> {
  const rows = await queryRows<Record<string, string | number>>(
    client,
    `SELECT (toUnixTimestamp(bucket) - ${baseMs / 1_000}) / 60 AS minute, pipeline, topic,
        toUInt32(created_cnt) AS created, toUInt32(done_cnt) AS done
      FROM analytics.arrivals(from = toDateTime(${baseMs / 1_000 - 600}), to = now(), step = 60, by = '${by},kafka_group')
      WHERE kafka_group = '${group}' AND created_cnt > 0 ORDER BY minute, pipeline, topic`,
  );
  return rows.map(({ minute, pipeline, topic, created, done }) => [minute, pipeline || topic, created, done]);
}

it("climbs from nothing to all, of a minute whose records wait, and tells pipelines apart", async () => {
  const note = open("climb", at({ "logs.auth": [100, 100], dns: [10, 10] }));
  await note(0, at({ "logs.auth": [150, 100], dns: [30, 30] }));
  expect(await arrivalsOf("climb")).toEqual([
    [0, "events", 50, 0],
    [0, "net.dns", 20, 20],
  ]);
  await note(1, at({ "logs.auth": [170, 120], dns: [30, 30] }));
  expect(await arrivalsOf("climb")).toEqual([
    [0, "events", 50, 20],
    [0, "net.dns", 20, 20],
    [1, "events", 20, 0],
  ]);
  await note(2, at({ "logs.auth": [170, 160], dns: [30, 30] }));
  await note(2, at({ "logs.auth": [170, 165], dns: [30, 30] }), 40);
  expect(await arrivalsOf("climb")).toEqual([
    [0, "events", 50, 50],
    [0, "net.dns", 20, 20],
    [1, "events", 20, 15],
  ]);
});

it("counts what a new group finds in the minute before it begins, and what came while nobody ran", async () => {
  const first = open("late", at({ "logs.auth": [1_000], "logs.order": [40, 40] }));
  await first(0, at({ "logs.auth": [1_000, 1_000], "logs.order": [45, 45] }));
  expect(await arrivalsOf("late", "topic")).toEqual([
    [-1, "logs.auth", 1_000, 1_000],
    [0, "logs.order", 5, 5],
  ]);
  const second = open("late", at({ "logs.auth": [1_300, 1_000], "logs.order": [45, 45] }));
  await second(10, at({ "logs.auth": [1_310, 1_200], "logs.order": [45, 45] }));
  expect(await arrivalsOf("late", "topic")).toEqual([
    [-1, "logs.auth", 1_000, 1_000],
    [0, "logs.order", 5, 5],
    [9, "logs.auth", 300, 200],
    [10, "logs.auth", 10, 0],
  ]);
});

it("writes partitions that have moved, and all of them once an hour", async () => {
  const rows = () =>
    queryRows(client, "SELECT count() AS n FROM analytics.millrace_offsets_1m WHERE kafka_group = 'still'").then(
      ([row]) => Number((row as { n: string }).n),
    );
  const stand = at({ "logs.auth": [5, 5], dns: [7, 7] });
  const note = open("still", stand);
  await note(-100, stand);
  expect(await rows()).toBe(4);
  await note(-99, stand);
  expect(await rows()).toBe(4);
  await note(-98, at({ "logs.auth": [6, 5], dns: [7, 7] }));
  expect(await rows()).toBe(5);
  await note(-38, at({ "logs.auth": [6, 5], dns: [7, 7] }));
  expect(await rows()).toBe(7);
});

it("knows nothing of the minute in which a topic was made anew, and goes on with the next", async () => {
  const note = open("anew", at({ dns: [500, 500] }));
  await note(0, at({ dns: [510, 510] }));
  await note(1, at({ dns: [20, 0] }));
  await note(2, at({ dns: [35, 30] }));
  expect(await arrivalsOf("anew")).toEqual([
    [0, "net.dns", 10, 0],
    [2, "net.dns", 15, 10],
  ]);
});
