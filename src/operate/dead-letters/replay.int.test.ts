import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nobody } from "../../core/origin.ts";
import { startClickHouse } from "../../embedded/clickhouse/server.ts";
import { deadLettersPipeline } from "../../schema/events-pipeline.ts";
import { migrate } from "../migrations/migrate.ts";
import { readHistory } from "./read-history.ts";
import { countOpenLetters, groupLetters, listLetters, loadLetters } from "./read-letters.ts";
import { ReplayLog } from "./replay-log.ts";
import {
  addLetters,
  createOrders,
  mendOrders,
  openClient,
  ordersPlan,
  ordersTable,
  recordMs,
  replayTopic,
} from "./testing/letter-desk.ts";
import { unreplayedDeadLetters } from "./unreplayed.ts";

/** A letter as `addLetters` makes it. */
const keyOf = (topic: string, partition: number, offset: number) => {
  return { topic, partition, offset, pipeline: ordersTable, ...nobody };
};

/** Replays into the real engine: every letter becomes one row, in the table and behind its view, whatever happens. */

const child = fileURLToPath(new URL("testing/replay-child.ts", import.meta.url));

let dataDir: string;
let server: Awaited<ReturnType<typeof startClickHouse>>;
let client: ClickHouseClient;
let url: string;
let topic = "";
let tests = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-replay-"));
  server = await startClickHouse({ port: 0, dataDir });
  url = `http://127.0.0.1:${server.port}`;
  client = openClient(url);
  await migrate(client);
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  tests += 1;
  topic = `orders.${tests}`;
  await createOrders(client);
});

function order(amount: number, day = 1): string {
  return JSON.stringify({ day: `2026-06-0${day}`, amount, service: "shop" });
}

/** Orders of three days, all of them with an amount that does not fit at first. */
function orders(count: number): string[] {
  return Array.from({ length: count }, (_, index) => order(300 + index, 1 + (index % 3)));
}

async function rows<T>(query: string): Promise<T[]> {
  return (await client.query({ query, format: "JSONEachRow" })).json<T>();
}

/** Rows by offset in the table, and as many as the view has counted. */
async function stored(): Promise<{ offsets: number[]; viewed: number }> {
  const [row] = await rows<{ offsets: (string | number)[]; viewed: string }>(
    `SELECT arraySort(groupArray(kafka_offset)) AS offsets,
      (SELECT sum(orders) FROM shop.orders_by_day WHERE kafka_topic = '${topic}') AS viewed
      FROM shop.orders WHERE kafka_topic = '${topic}'`,
  );
  return { offsets: row!.offsets.map(Number), viewed: Number(row!.viewed) };
}

/** Starts a replay that sends itself `signal` at `step`. `ended` has how it ended and what it printed. */
function startReplay(step: string, signal: "SIGKILL" | "SIGSTOP") {
  const running = spawn(process.execPath, [child, url, topic, step, signal], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(running, "close").then(([code, by]) => ({ code, by, output }));
  return { pid: running.pid!, ended, wake: () => running.kill("SIGCONT") };
}

/** Waits until the kernel shows the process as stopped. */
async function untilStopped(pid: number): Promise<void> {
  while (!/^\d+ \(.*\) T/.test(await readFile(`/proc/${pid}/stat`, "utf8"))) await sleep(20);
}

describe("a replay", () => {
  it("stores a letter under the coordinates, time and key of its record once the table is mended", async () => {
    await addLetters(client, await ordersPlan(client, topic), [order(256), order(1000, 2), "no JSON"]);
    await mendOrders(client);
    const planned = await replayTopic(client, topic, { dryRun: true });
    expect(planned).toMatchObject({ taken: 3, stored: 2, rejected: { json_parse_failed: { count: 1 } } });
    expect(await stored()).toEqual({ offsets: [], viewed: 0 });
    expect(await replayTopic(client, topic)).toEqual({ ...planned, dryRun: false });
    expect(await stored()).toEqual({ offsets: [10, 20], viewed: 2 });
    expect(
      await rows(`SELECT amount, kafka_partition AS partition, toInt32(toUnixTimestamp64Milli(kafka_timestamp) - ${recordMs}) AS ms,
        kafka_key AS key FROM shop.orders WHERE kafka_topic = '${topic}' AND kafka_offset = 20`),
    ).toEqual([{ amount: 1000, partition: 1, ms: 1, key: "{" }]);
    expect(
      await rows(`SELECT kafka_offset + 0 AS o FROM ${unreplayedDeadLetters()} WHERE topic = '${topic}'`),
    ).toHaveLength(1);
    expect(await countOpenLetters(client, { topics: [topic] })).toBe(1);
    // Again: the stored ones are not taken.
    expect(await replayTopic(client, topic)).toMatchObject({ taken: 1, stored: 0, alreadyThere: 0 });
    expect(await stored()).toEqual({ offsets: [10, 20], viewed: 2 });
  });

  it("leaves a letter alone that was rejected three times, unless it is forced", async () => {
    await addLetters(client, await ordersPlan(client, topic), [order(256)]);
    for (let time = 0; time < 3; time += 1) {
      expect(await replayTopic(client, topic)).toMatchObject({ rejected: { field_range: { count: 1 } }, skipped: {} });
    }
    await mendOrders(client);
    expect(await replayTopic(client, topic)).toMatchObject({ stored: 0, skipped: { rejected_before: { count: 1 } } });
    expect(await replayTopic(client, topic, { force: true })).toMatchObject({ taken: 1, stored: 1, skipped: {} });
    const history = await readHistory(client, keyOf(topic, 0, 10));
    expect(history.map(({ outcome }) => outcome)).toEqual(["rejected", "rejected", "rejected", "intent", "stored"]);
  });

  it.each([
    ["beforeIntent", 0],
    ["afterIntent", 0],
    ["afterInsert", 6],
    ["afterOutcome", 6],
  ])("that is killed at %s and started again stores each letter once", async (step, before) => {
    await addLetters(client, await ordersPlan(client, topic), orders(6));
    await mendOrders(client);
    expect(await startReplay(step, "SIGKILL").ended).toMatchObject({ by: "SIGKILL", output: "" });
    expect(await stored()).toMatchObject({ offsets: { length: before } });
    const again = await replayTopic(client, topic);
    expect(again).toMatchObject({ taken: step === "afterOutcome" ? 0 : 6, rejected: {}, skipped: {} });
    expect(await stored()).toEqual({ offsets: [10, 20, 30, 40, 50, 60], viewed: 6 });
    expect(await countOpenLetters(client, { topics: [topic] })).toBe(0);
  });

  it("that is killed, and taken over when the table has forgotten its token, stores what is absent alone", async () => {
    await addLetters(client, await ordersPlan(client, topic), orders(6));
    await mendOrders(client);
    expect(await startReplay("afterInsert", "SIGKILL").ended).toMatchObject({ by: "SIGKILL" });
    for (const query of [
      "ALTER TABLE shop.orders MODIFY SETTING non_replicated_deduplication_window = 1",
      "INSERT INTO shop.orders (day, kafka_topic) VALUES ('2026-06-01', 'another')",
      `ALTER TABLE shop.orders DELETE WHERE kafka_topic = '${topic}' AND kafka_offset = 30 SETTINGS mutations_sync = 2`,
    ]) {
      await client.command({ query });
    }
    expect(await replayTopic(client, topic)).toMatchObject({ taken: 6, stored: 6 });
    expect((await stored()).offsets).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it.runIf(process.platform === "linux")(
    "that sleeps between intent and insert while another stores its letters doubles nothing when it wakes",
    async () => {
      await addLetters(client, await ordersPlan(client, topic), orders(4));
      await mendOrders(client);
      const sleeper = startReplay("afterIntent", "SIGSTOP");
      await untilStopped(sleeper.pid);
      expect(await replayTopic(client, topic)).toMatchObject({ taken: 4, stored: 4 });
      sleeper.wake();
      const { code, output } = await sleeper.ended;
      expect([code, JSON.parse(output)]).toMatchObject([0, { taken: 4, stored: 4, rejected: {}, skipped: {} }]);
      expect(await stored()).toEqual({ offsets: [10, 20, 30, 40], viewed: 4 });
    },
  );

  it("beside three others at once stores each letter once", async () => {
    await addLetters(client, await ordersPlan(client, topic), orders(24));
    await mendOrders(client);
    const reports = await Promise.all([
      replayTopic(client, topic, { ratePerSecond: 5, filter: { topics: [topic], partition: 0 } }),
      replayTopic(client, topic, { filter: { topics: [topic], offsets: [50, 200] } }),
      replayTopic(client, topic),
      replayTopic(client, topic),
    ]);
    for (const { rejected } of reports) expect(rejected).toEqual({});
    await replayTopic(client, topic);
    expect(await stored()).toEqual({ offsets: orders(24).map((_, index) => (index + 1) * 10), viewed: 24 });
    expect(await countOpenLetters(client, { topics: [topic] })).toBe(0);
  });

  it("finds the rows that ClickHouse itself refuses, and stores the others", async () => {
    const five = [order(300), order(666), order(302), order(303), order(304)];
    await addLetters(client, await ordersPlan(client, topic), five);
    await mendOrders(client);
    await client.command({ query: "ALTER TABLE shop.orders ADD CONSTRAINT no_beast CHECK amount != 666" });
    expect(await replayTopic(client, topic)).toMatchObject({
      taken: 5,
      stored: 4,
      rejected: { clickhouse_violated_constraint: { count: 1 } },
    });
    expect(await stored()).toEqual({ offsets: [10, 30, 40, 50], viewed: 4 });
  });

  it("finds what the table holds already, and what a killed replay announced under another plan it leaves for a while", async () => {
    await addLetters(client, await ordersPlan(client, topic), [order(300), order(301), order(302)]);
    const old = await ordersPlan(client, topic);
    await mendOrders(client);
    await client.command({
      query: `INSERT INTO shop.orders (day, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp)
        VALUES ('2026-06-01', '${topic}', 0, 10, fromUnixTimestamp64Milli(${recordMs}))`,
    });
    const killed = new ReplayLog(client, "killed");
    const destination = { pipeline: old.pipeline, planKey: old.key, table: old.table };
    await killed.announce([keyOf(topic, 1, 20)], destination);
    expect(await replayTopic(client, topic)).toMatchObject({
      taken: 3,
      stored: 1,
      alreadyThere: 1,
      skipped: { in_doubt: { count: 1 } },
    });
    expect((await stored()).offsets).toEqual([10, 30]);
    // Not stored by a replay: for the comparison with Kafka it stays a duplicate.
    expect(await countOpenLetters(client, { topics: [topic] })).toBe(2);
  });

  it("refuses a table that could double rows, and says why", async () => {
    await addLetters(client, await ordersPlan(client, topic), [order(300)]);
    await mendOrders(client);
    await client.command({ query: "ALTER TABLE shop.orders RESET SETTING non_replicated_deduplication_window" });
    await expect(replayTopic(client, topic)).rejects.toThrow(/no deduplication window.*--at-least-once/);
    await client.command({ query: "ALTER TABLE shop.orders MODIFY SETTING non_replicated_deduplication_window = 100" });
    await client.command({ query: "DROP VIEW shop.orders_by_day_view" });
    await client.command({ query: "ALTER TABLE shop.orders DROP COLUMN kafka_offset" });
    await expect(replayTopic(client, topic)).rejects.toThrow(/does not store topic, partition and offset/);
    expect(await replayTopic(client, topic, { atLeastOnce: true })).toMatchObject({ stored: 1 });
    expect(await replayTopic(client, topic, { atLeastOnce: true })).toMatchObject({ taken: 0 });
  });

  it("never replays a letter of a topic that holds dead letters, whatever its document says", async () => {
    const [deadTopic] = deadLettersPipeline.topics as [string];
    const plan = { ...(await ordersPlan(client, deadTopic)), pipeline: "shop.orders" };
    await addLetters(client, plan, [order(300)]);
    await mendOrders(client);
    expect(await replayTopic(client, deadTopic)).toMatchObject({
      taken: 1,
      skipped: { dead_letter_pipeline: { count: 1 } },
    });
  });
});

describe("the letters", () => {
  it("are listed by reason, one by one, and whole, by every filter", async () => {
    const bytes = Uint8Array.of(0x7b, 0xff, 0x00, 0x7d);
    await addLetters(client, await ordersPlan(client, topic), [order(256), order(257), "it's no JSON \\", bytes]);
    const topics = [topic];
    expect(await groupLetters(client, { topics })).toMatchObject([
      { errorType: "field_range", count: 2, replayed: 0, topics, services: ["shop"] },
      { errorType: "invalid_utf8", count: 1 },
      { errorType: "json_parse_failed", count: 1 },
    ]);
    const found = async (filter: Parameters<typeof listLetters>[1]) =>
      (await listLetters(client, { topics, ...filter }, 10)).map(({ offset }) => offset).sort((a, b) => a - b);
    expect(await found({ reasons: ["field_range"] })).toEqual([10, 20]);
    expect(await found({ partition: 1 })).toEqual([20, 40]);
    expect(await found({ offsets: [20, 30] })).toEqual([20, 30]);
    expect(await found({ services: ["shop"] })).toEqual([10, 20]);
    expect(await found({ pipelines: ["other"] })).toEqual([]);
    expect(await found({ text: "it's no JSON \\" })).toEqual([30]);
    expect(await found({ sinceMs: Date.now() - 60_000, untilMs: Date.now() + 1_000 })).toEqual([10, 20, 30, 40]);
    expect(await found({ untilMs: Date.now() - 60_000 })).toEqual([]);
    const [letter] = await loadLetters(client, [keyOf(topic, 1, 40)]);
    expect([letter!.raw, letter!.key, letter!.ingestMs]).toEqual([
      Buffer.from(bytes),
      Buffer.from([0x7b]),
      recordMs + 3,
    ]);
  });
});
