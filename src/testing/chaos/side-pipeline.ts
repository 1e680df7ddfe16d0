import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";

const TABLE = "analytics.chaos_side";
const STEADY_TOPIC = "side.steady";
const BRIEF_TOPICS = Array.from({ length: 12 }, (_, index) => `side.brief-${index + 1}`);
const POLL_MS = 200;

/** The pipeline's name, and its topics that stay. */
export const sidePipeline = { name: "side", topics: [STEADY_TOPIC] };

/** Where a run keeps its pipeline file. */
export const pipelineFolder = (folder: string) => join(folder, "pipelines");

/** What a topic that was deleted had: `sure` records were seen in the table before, `produced` were in its log. */
interface Deleted {
  topic: string;
  sure: number;
  produced: number;
}

/**
 * A second pipeline beside the built-in ones: what happens to the other's table must not happen to it, and its topics may be
 * deleted, which nobody could do to the topics under load without losing the count.
 */
export interface SidePipeline {
  /** Sends `count` records to the topic that stays. Returns whether the table has its whole log within `timeoutMs`. */
  isServed(count: number, timeoutMs: number): Promise<boolean>;
  /** Fills a topic, has as many records on their way again, and deletes it. Undefined: all have been deleted. */
  deleteTopic(count: number, timeoutMs: number): Promise<Deleted | undefined>;
  /** What is wrong with its table, one line each. To be called when nothing writes any more. */
  findings(): Promise<string[]>;
}

/** Makes table, topics and pipeline file. */
export async function openSidePipeline(
  folder: string,
  brokers: string,
  admin: Admin,
  client: ClickHouseClient,
): Promise<SidePipeline> {
  const topics = [STEADY_TOPIC, ...BRIEF_TOPICS];
  await client.command({
    query: `CREATE TABLE ${TABLE} (id UInt64, kafka_topic LowCardinality(String), kafka_partition Int32, kafka_offset Int64)
      ENGINE = MergeTree ORDER BY (kafka_topic, kafka_offset) SETTINGS non_replicated_deduplication_window = 100000`,
  });
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
  await mkdir(pipelineFolder(folder), { recursive: true });
  const text = `name: ${sidePipeline.name}\ntopics: [${topics.join(", ")}]\ncodec: json\ntable: ${TABLE}\n`;
  await writeFile(join(pipelineFolder(folder), `${sidePipeline.name}.yaml`), text);
  return createSidePipeline(
    admin,
    client,
    new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } }),
  );
}

function createSidePipeline(admin: Admin, client: ClickHouseClient, kafka: Kafka): SidePipeline {
  const brief = [...BRIEF_TOPICS];
  const deleted: Deleted[] = [];
  let nextId = 0;

  async function produce(topic: string, count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => ({ value: `{"id":${nextId++}}` }));
    // One each time: kafkajs asks for every topic that a producer ever sent to, and for ever when one of them is deleted.
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    try {
      await producer.send({ topic, messages });
    } finally {
      await producer.disconnect();
    }
  }

  /** Records in the log: a repeated send may have put in more than was asked for. */
  async function logEnd(topic: string): Promise<number> {
    const [bounds] = await admin.fetchTopicOffsets(topic);
    return Number(bounds!.high);
  }

  async function storedOf(topic: string): Promise<number> {
    const sql = `SELECT uniqExact(kafka_offset) AS offsets FROM ${TABLE} WHERE kafka_topic = ${quoteText(topic)}`;
    return Number((await queryRows<{ offsets: string }>(client, sql))[0]!.offsets);
  }

  async function isStoredWithin(topic: string, timeoutMs: number): Promise<boolean> {
    const end = await logEnd(topic);
    for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; await sleep(POLL_MS)) {
      if ((await storedOf(topic)) >= end) return true;
    }
    return false;
  }

  return {
    async isServed(count, timeoutMs) {
      await produce(STEADY_TOPIC, count);
      return isStoredWithin(STEADY_TOPIC, timeoutMs);
    },
    async deleteTopic(count, timeoutMs) {
      const topic = brief.shift();
      if (topic === undefined) return undefined;
      await produce(topic, count);
      const sure = (await isStoredWithin(topic, timeoutMs)) ? await logEnd(topic) : 0;
      await produce(topic, count);
      const entry = { topic, sure, produced: await logEnd(topic) };
      deleted.push(entry);
      await admin.deleteTopics({ topics: [topic] });
      return entry;
    },
    async findings() {
      const end = await logEnd(STEADY_TOPIC);
      const known = [{ topic: STEADY_TOPIC, sure: end, produced: end }, ...deleted];
      const rows = await queryRows<StoredTopic>(
        client,
        `SELECT kafka_topic AS topic, count() AS row_count, uniqExact(kafka_offset) AS offsets,
          max(kafka_offset) AS last FROM ${TABLE} GROUP BY topic`,
      );
      return judgeSide(known, rows);
    },
  };
}

/** What the table has of one topic. */
export interface StoredTopic {
  topic: string;
  row_count: string;
  offsets: string;
  last: string;
}

/** One line for each fault: rows too many, records that are missing for sure, offsets that no log had. */
export function judgeSide(known: readonly Deleted[], stored: readonly StoredTopic[]): string[] {
  const findings: string[] = [];
  for (const { topic, sure, produced } of known) {
    const row = stored.find((candidate) => candidate.topic === topic);
    const [rows, offsets] = [Number(row?.row_count ?? 0), Number(row?.offsets ?? 0)];
    if (rows > offsets) findings.push(`${topic}: ${rows - offsets} rows too many`);
    if (offsets < sure) findings.push(`${topic}: ${sure - offsets} of ${sure} records are not in ${TABLE}`);
    if (row !== undefined && Number(row.last) >= produced) {
      findings.push(`${topic}: a row of offset ${row.last}, the log had ${produced} records`);
    }
  }
  return findings;
}
