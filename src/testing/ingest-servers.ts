import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { startClickHouse } from "../embedded/clickhouse/server.ts";
import { startKafkaBroker } from "../embedded/kafka/server.ts";
import { realKafka, startRealKafka } from "./kafka/real-kafka.ts";

/** A broker and the real ClickHouse engine for one test file, with the environment that points `millrace` at them. */
export interface IngestServers {
  brokers: string;
  client: ClickHouseClient;
  env: { KAFKA_BROKERS: string; CLICKHOUSE_URL: string };
  close(): Promise<void>;
}

export type StartServers = () => Promise<IngestServers>;

async function startServers(
  startBroker: (dataDir: string) => Promise<{ brokers: string; close(): Promise<unknown> }>,
): Promise<IngestServers> {
  const dir = await mkdtemp(join(tmpdir(), "millrace-ingest-"));
  const [broker, clickHouse] = await Promise.all([
    startBroker(join(dir, "kafka")),
    startClickHouse({ port: 0, dataDir: join(dir, "clickhouse") }),
  ]);
  const url = `http://127.0.0.1:${clickHouse.port}`;
  const client = connectClickHouse({ url, user: undefined, password: undefined }, 4);
  return {
    client,
    brokers: broker.brokers,
    env: { KAFKA_BROKERS: broker.brokers, CLICKHOUSE_URL: url },
    async close() {
      await client.close();
      await Promise.allSettled([broker.close(), clickHouse.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startEmbeddedBroker(dataDir: string) {
  const broker = await startKafkaBroker({ port: 0, dataDir });
  return { brokers: `127.0.0.1:${broker.port}`, close: () => broker.close() };
}

/** A test's own connections to a broker. */
export interface KafkaClients {
  admin: Admin;
  producer: Producer;
  close(): Promise<void>;
}

/** Makes clients that keep their troubles to themselves. */
export const quietKafka = (brokers: string): Kafka => new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });

export async function connectKafka(brokers: string): Promise<KafkaClients> {
  const kafka = quietKafka(brokers);
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    admin,
    producer,
    async close() {
      await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
    },
  };
}

/** The embedded broker, and Apache Kafka where it can run; without it a line says so (in CI it is an error). */
export async function brokersToTest(): Promise<[name: string, start: StartServers][]> {
  const kinds: [string, StartServers][] = [["the embedded broker", () => startServers(startEmbeddedBroker)]];
  const real = await realKafka();
  if (real.available) kinds.push(["Apache Kafka", () => startServers((dataDir) => startRealKafka({ dataDir }))]);
  else console.warn(`skipped with Apache Kafka: ${real.reason}`);
  return kinds;
}
