import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { connectClickHouse } from "../../src/cli/connect.ts";
import { defaultTopics, ensureTopics } from "../../src/config/topics.ts";
import { launchServers } from "../../src/embedded/launch.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { startRealKafka } from "../../src/testing/kafka/real-kafka.ts";

export const kafkaKinds = ["embedded", "real"] as const;
export type KafkaKind = (typeof kafkaKinds)[number];

/** A broker with the built-in topics and a migrated ClickHouse, each a process of its own, on a temporary folder. */
export interface BenchServers {
  brokers: string;
  clickHouseUrl: string;
  /** What points `millrace` at them. */
  env: { KAFKA_BROKERS: string; CLICKHOUSE_URL: string };
  brokerPid: number;
  clickHousePid: number;
  client: ClickHouseClient;
  admin: Admin;
  /** Deletes all rows, and with them what the deduplication windows remember: the same ranges may be stored again. */
  emptyTables(): Promise<void>;
  /** Deletes the built-in topics with their records and makes them anew. */
  emptyTopics(): Promise<void>;
  close(): Promise<void>;
}

/** @throws MillraceError when a server does not start; nothing is left behind then. */
export async function startBenchServers(kind: KafkaKind): Promise<BenchServers> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
    closers.length = 0;
  };
  try {
    const embedded = await launchServers({
      kafka: kind === "embedded",
      clickHouse: true,
      dataDir: directory,
      fresh: false,
    });
    closers.push(() => embedded.stop());
    const real = kind === "real" ? await startRealKafka({ dataDir: join(directory, "apache-kafka") }) : undefined;
    if (real !== undefined) closers.push(() => real.close());
    const brokers = real?.brokers ?? embedded.kafkaBrokers![0]!;
    const clickHouseUrl = embedded.clickHouseUrl!;
    const pidOf = (name: string) => embedded.children.find((child) => child.name === name)!.pid;
    const client = connectClickHouse({ url: clickHouseUrl, user: undefined, password: undefined }, 4);
    closers.push(() => client.close());
    await migrate(client);
    const admin = new Kafka({ brokers: [brokers], clientId: "bench", logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    closers.push(() => admin.disconnect());
    await ensureTopics(admin, defaultTopics);
    return {
      brokers,
      clickHouseUrl,
      env: { KAFKA_BROKERS: brokers, CLICKHOUSE_URL: clickHouseUrl },
      brokerPid: real?.pid ?? pidOf("kafka"),
      clickHousePid: pidOf("clickhouse"),
      client,
      admin,
      emptyTables: () => emptyTables(client),
      emptyTopics: () => emptyTopics(admin),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function emptyTables(client: ClickHouseClient): Promise<void> {
  const answer = await client.query({
    query: `SELECT name FROM system.tables WHERE database = 'analytics' AND engine LIKE '%MergeTree'
      AND name NOT LIKE '%migration%'`,
    format: "JSONEachRow",
  });
  for (const { name } of await answer.json<{ name: string }>()) {
    await client.command({ query: `TRUNCATE TABLE analytics.\`${name}\`` });
  }
}

async function emptyTopics(admin: Admin): Promise<void> {
  await admin.deleteTopics({ topics: defaultTopics.map(({ name }) => name) });
  await ensureTopics(admin, defaultTopics);
}
