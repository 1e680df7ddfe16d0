import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { connectClickHouse } from "../../src/clients/clickhouse/connect.ts";
import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { ensureTopics } from "../../src/clients/kafka/topics.ts";
import { defaultTopics } from "../../src/config/topics.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { migrate } from "../../src/operate/migrations/migrate.ts";
import { launchServers } from "../../src/run/embedded-servers.ts";
import { startRealKafka } from "../../src/testing/kafka/real-kafka.ts";

const TOPIC_ATTEMPTS_MAX = 100;
const TOPIC_RETRY_MS = 100;

import { makeScratchFolder } from "./scratch.ts";

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
  const directory = await makeScratchFolder();
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async () => {
    // Each of them, whatever the others do: a server that is gone already must not keep the folder.
    for (const closer of closers.splice(0).reverse()) await closer().catch(() => {});
  };
  try {
    const embedded = await launchServers({
      kafka: kind === "embedded",
      clickHouse: true,
      dataDir: directory,
      fresh: false,
    });
    closers.push(() => embedded.stop());
    const real =
      kind === "real"
        ? await startRealKafka({ dataDir: join(directory, "apache-kafka"), isLongLived: true })
        : undefined;
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
  const tables = await queryRows<{ name: string }>(
    client,
    `SELECT name FROM system.tables WHERE database = 'analytics' AND engine LIKE '%MergeTree'
      AND name NOT LIKE '%migration%'`,
  );
  for (const { name } of tables) {
    await client.command({ query: `TRUNCATE TABLE analytics.\`${name}\`` });
  }
}

/** Apache Kafka answers before a topic is gone, and before a new one can be asked about: both are waited for. */
async function emptyTopics(admin: Admin): Promise<void> {
  const names = new Set(defaultTopics.map(({ name }) => name));
  await admin.deleteTopics({ topics: [...names] });
  for (let attempt = 1; ; attempt++) {
    try {
      if ((await admin.listTopics()).every((name) => !names.has(name))) break;
    } catch (error) {
      if (!isRetriable(error)) throw error;
    }
    if (attempt === TOPIC_ATTEMPTS_MAX) throw new MillraceError("E_KAFKA", "the emptied topics do not go away");
    await sleep(TOPIC_RETRY_MS);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await ensureTopics(admin, defaultTopics);
      await admin.fetchTopicMetadata({ topics: [...names] });
      return;
    } catch (error) {
      if (!isRetriable(error) || attempt === TOPIC_ATTEMPTS_MAX) throw error;
    }
    await sleep(TOPIC_RETRY_MS);
  }
}

function isRetriable(error: unknown): boolean {
  return (error as { retriable?: boolean }).retriable === true;
}
