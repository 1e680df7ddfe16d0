import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel, type TopicMessages } from "kafkajs";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { declareTopic, ensureTopics } from "../../clients/kafka/topics.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/** Its table. */
export const sideTable = "analytics.chaos_side";
const STEADY_TOPIC = "side.steady";
/** More than there are ingesters: whoever has a topic that is deleted has a part of this one, too. */
const STEADY_PARTITIONS = 4;
const BRIEF_TOPICS = Array.from({ length: 12 }, (_, index) => `side.brief-${index + 1}`);
const POLL_MS = 200;

/** The pipeline's name, and its topics that stay. */
export const sidePipeline = { name: "side", topics: [STEADY_TOPIC] };

/** Where a run keeps its pipeline file. */
export const pipelineFolder = (folder: string) => join(folder, "pipelines");

/** What a log had or has: `sure` records were seen in the table, or have to be there at the end; `produced` are in it. */
interface Known extends TopicPartition {
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
  /**
   * A topic that may be deleted, with `count` records, which are in the table if it had them within `timeoutMs`. Undefined:
   * all have been taken.
   */
  takeTopic(count: number, timeoutMs: number): Promise<string | undefined>;
  /** Sends `count` records to each of the topics at once; undefined: the one that stays. */
  produce(topics: readonly (string | undefined)[], count: number): Promise<void>;
  /** Of one that was taken. */
  deleteTopic(topic: string): Promise<Known>;
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
    query: `CREATE TABLE ${sideTable} (id UInt64, kafka_topic LowCardinality(String), kafka_partition Int32, kafka_offset Int64)
      ENGINE = MergeTree ORDER BY (kafka_topic, kafka_offset) SETTINGS non_replicated_deduplication_window = 100000`,
  });
  // Not kafkajs' own wait for leaders, which ends with an error when the broker does not know a new topic yet.
  await ensureTopics(
    admin,
    topics.map((topic) => declareTopic(topic, topic === STEADY_TOPIC ? STEADY_PARTITIONS : 1)),
  );
  await mkdir(pipelineFolder(folder), { recursive: true });
  const text = `name: ${sidePipeline.name}\ntopics: [${topics.join(", ")}]\ncodec: json\ntable: ${sideTable}\n`;
  await writeFile(join(pipelineFolder(folder), `${sidePipeline.name}.yaml`), text);
  return createSidePipeline(
    admin,
    client,
    new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } }),
  );
}

function createSidePipeline(admin: Admin, client: ClickHouseClient, kafka: Kafka): SidePipeline {
  const brief = [...BRIEF_TOPICS];
  const sureOf = new Map<string, number>();
  const deleted: Known[] = [];
  let nextId = 0;

  async function produce(topics: readonly (string | undefined)[], count: number): Promise<void> {
    const messages = () => Array.from({ length: count }, () => ({ value: `{"id":${nextId++}}` }));
    await send(
      kafka,
      topics.map((topic) => ({ topic: topic ?? STEADY_TOPIC, messages: messages() })),
    );
  }

  /** Of each partition: a repeated send may have put in more than was asked for. */
  async function logEnds(topic: string): Promise<(TopicPartition & { end: number })[]> {
    const bounds = await admin.fetchTopicOffsets(topic);
    return bounds.map(({ partition, high }) => ({ topic, partition, end: Number(high) }));
  }

  async function recordsIn(topic: string): Promise<number> {
    return (await logEnds(topic)).reduce((sum, { end }) => sum + end, 0);
  }

  async function storedOf(topic: string): Promise<number> {
    const sql = `SELECT uniqExact(kafka_partition, kafka_offset) AS offsets FROM ${sideTable} WHERE kafka_topic = ${quoteText(topic)}`;
    return Number((await queryRows<{ offsets: string }>(client, sql))[0]!.offsets);
  }

  async function isStoredWithin(topic: string, timeoutMs: number): Promise<boolean> {
    const end = await recordsIn(topic);
    for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs; await sleep(POLL_MS)) {
      if ((await storedOf(topic)) >= end) return true;
    }
    return false;
  }

  return {
    produce,
    async isServed(count, timeoutMs) {
      await produce([STEADY_TOPIC], count);
      return isStoredWithin(STEADY_TOPIC, timeoutMs);
    },
    async takeTopic(count, timeoutMs) {
      const topic = brief.shift();
      if (topic === undefined) return undefined;
      await produce([topic], count);
      sureOf.set(topic, (await isStoredWithin(topic, timeoutMs)) ? await recordsIn(topic) : 0);
      return topic;
    },
    async deleteTopic(topic) {
      const entry = { topic, partition: 0, sure: sureOf.get(topic) ?? 0, produced: await recordsIn(topic) };
      deleted.push(entry);
      await admin.deleteTopics({ topics: [topic] });
      return entry;
    },
    async findings() {
      const steady = (await logEnds(STEADY_TOPIC)).map(({ end, ...at }) => ({ ...at, sure: end, produced: end }));
      const rows = await queryRows<StoredLog>(
        client,
        `SELECT kafka_topic AS topic, kafka_partition AS partition, count() AS row_count,
          uniqExact(kafka_offset) AS offsets, max(kafka_offset) AS last FROM ${sideTable} GROUP BY topic, partition`,
      );
      return judgeSide([...steady, ...deleted], rows);
    },
  };
}

/** A producer each time: kafkajs asks for every topic that one ever sent to, and for ever when it is deleted. */
async function send(kafka: Kafka, topicMessages: TopicMessages[]): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.sendBatch({ topicMessages });
  } finally {
    await producer.disconnect();
  }
}

/** What the table has of one log. */
export interface StoredLog extends TopicPartition {
  row_count: string;
  offsets: string;
  last: string;
}

/** One line for each fault: rows too many, records that are missing for sure, offsets that no log had. */
export function judgeSide(known: readonly Known[], stored: readonly StoredLog[]): string[] {
  const findings: string[] = [];
  for (const log of known) {
    const { sure, produced } = log;
    const key = partitionKey(log);
    const row = stored.find((candidate) => partitionKey(candidate) === key);
    const [rows, offsets] = [Number(row?.row_count ?? 0), Number(row?.offsets ?? 0)];
    if (rows > offsets) findings.push(`${key}: ${rows - offsets} rows too many`);
    if (offsets < sure) findings.push(`${key}: ${sure - offsets} of ${sure} records are not in ${sideTable}`);
    if (row !== undefined && Number(row.last) >= produced) {
      findings.push(`${key}: a row of offset ${row.last}, the log had ${produced} records`);
    }
  }
  return findings;
}
