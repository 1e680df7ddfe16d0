import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { declareTopic, ensureTopics, type TopicDeclaration } from "../../clients/kafka/topics.ts";
import { defaultTopics } from "../../config/topics.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { deadLettersPipeline, eventsPipeline } from "../../schema/events-pipeline.ts";
import { InsertJournal } from "./insert-journal.ts";
import { UsageTotal } from "./managed-process.ts";
import { makeRunFolder } from "./run-folder.ts";
import { type ChaosServer, startEmbeddedServer, startRealBroker } from "./servers.ts";

export type BrokerKind = "embedded" | "real";

/** The group of the built-in pipelines, and the topics that they read. */
export const ingesters = {
  id: "millrace.events",
  topics: [eventsPipeline, deadLettersPipeline].flatMap((pipeline) => pipeline.topics),
};

/** The load generator gives each topic as many as it has by default, so fewer would grow in the middle of a run. */
export const partitionsMin = Math.max(...defaultTopics.map(({ partitions }) => partitions));

const WARM_UP_PATIENCE_MS = 60_000;

/** Everything that a run needs around its ingesters, to be taken down whatever happens. */
export interface Rig {
  folder: string;
  broker: ChaosServer;
  clickHouse: ChaosServer;
  brokers: string;
  clickHouseUrl: string;
  client: ClickHouseClient;
  admin: Admin;
  journal: InsertJournal;
  usage: UsageTotal;
  /** What is to be closed at the end, the last first. */
  closers: (() => Promise<unknown>)[];
}

/** How a run tells of itself and is ended. */
export interface RunTerms {
  broker: BrokerKind;
  /** Of each topic; undefined: as `millrace topics` makes them. */
  partitions?: number | undefined;
  /** Keeps data and logs also when all is well. */
  keep: boolean;
  /** Hears a line for each thing that happens. */
  say(line: string): void;
  signal: AbortSignal;
}

/**
 * Starts empty servers with tables and topics in a folder of their own, does `work` and takes all down. The folder stays
 * when the result is not good.
 *
 * @throws what `work` throws, and whatever keeps the servers from starting; all processes are gone then.
 */
export async function withRig<T>(
  terms: RunTerms,
  work: (rig: Rig) => Promise<T>,
  isGood: (result: T) => boolean,
): Promise<T> {
  const folder = await makeRunFolder();
  const closers: Rig["closers"] = [];
  let keeps = !terms.signal.aborted;
  try {
    const result = await work(await openRig(folder, terms, closers));
    keeps = !isGood(result);
    return result;
  } finally {
    for (const close of closers.reverse()) await close().catch((error) => terms.say(`while stopping: ${error}`));
    if (terms.keep || (keeps && !terms.signal.aborted)) terms.say(`data and logs: ${folder}`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openRig(
  folder: string,
  { broker: brokerKind, partitions }: RunTerms,
  closers: Rig["closers"],
): Promise<Rig> {
  const usage = new UsageTotal();
  const starting = [
    brokerKind === "real" ? startRealBroker(folder, usage) : startEmbeddedServer("kafka", folder, usage),
    startEmbeddedServer("clickhouse", folder, usage),
  ] as const;
  for (const server of starting) {
    closers.push(async () => (await server.catch(() => undefined))?.close());
  }
  const [broker, clickHouse] = await Promise.all(starting);
  const brokers = `127.0.0.1:${broker.port}`;
  const clickHouseUrl = `http://127.0.0.1:${clickHouse.port}`;
  const client = connectClickHouse({ url: clickHouseUrl, user: undefined, password: undefined }, 4);
  closers.push(() => client.close());
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } }).admin();
  closers.push(() => admin.disconnect());
  await admin.connect();
  await Promise.all([ensureTopics(admin, topicsWith(partitions)), migrate(client)]);
  const journal = new InsertJournal();
  return { folder, broker, clickHouse, brokers, clickHouseUrl, client, admin, journal, usage, closers };
}

function topicsWith(partitions: number | undefined): readonly TopicDeclaration[] {
  return partitions === undefined ? defaultTopics : defaultTopics.map(({ name }) => declareTopic(name, partitions));
}

/** Resolves when the run is told to end. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** What happens to an ingester that has not done anything yet shows nothing. */
export async function untilFirstCommit(admin: Admin, signal: AbortSignal): Promise<void> {
  for (const deadlineMs = Date.now() + WARM_UP_PATIENCE_MS; Date.now() < deadlineMs; await sleep(300)) {
    signal.throwIfAborted();
    const committed = await admin.fetchOffsets({ groupId: ingesters.id, topics: ingesters.topics }).catch(() => []);
    if (committed.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) > 0))) return;
  }
  throw new Error(`No ingester has committed anything within ${WARM_UP_PATIENCE_MS / 1_000} s: see their logs`);
}
