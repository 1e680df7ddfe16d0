import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, ITopicMetadata } from "kafkajs";

/** A topic as it should be. */
export interface TopicDeclaration {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Topic configuration, such as `retention.ms`, given at creation only. */
  config: Record<string, string>;
}

/** A declaration with the broker's defaults; −1 replicas: the broker's `default.replication.factor`. */
export function declareTopic(name: string, partitions: number): TopicDeclaration {
  return { name, partitions, replicationFactor: -1, config: {} };
}

/** What has to happen to one topic. */
export type TopicChange =
  | { action: "create"; topic: string; partitions: number }
  | { action: "grow"; topic: string; partitions: number; from: number }
  | { action: "refuse"; topic: string; partitions: number; from: number; reason: string }
  | { action: "unchanged"; topic: string; partitions: number };

/** Compares the declarations with the cluster. Reads only. */
export async function planTopics(admin: Admin, topics: readonly TopicDeclaration[]): Promise<TopicChange[]> {
  const existing = new Set(await admin.listTopics());
  const present = topics.filter(({ name }) => existing.has(name)).map(({ name }) => name);
  const metadata = present.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics: present });
  const partitionCounts = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
  return topics.map(({ name, partitions }) => compareTopic(name, partitions, partitionCounts.get(name)));
}

function compareTopic(topic: string, partitions: number, from: number | undefined): TopicChange {
  if (from === undefined) return { action: "create", topic, partitions };
  if (from === partitions) return { action: "unchanged", topic, partitions };
  if (from < partitions) return { action: "grow", topic, partitions, from };
  const reason =
    `Kafka cannot take partitions away: ${topic} has ${from}, ${partitions} are declared. ` +
    "Declare as many as there are, or delete the topic with its records and create it anew";
  return { action: "refuse", topic, partitions, from, reason };
}

/**
 * Carries a plan out. Refused changes are left alone: the caller decides what they mean.
 *
 * A topic that someone else creates or grows meanwhile is no error: the outcome is the same.
 */
export async function applyTopics(
  admin: Admin,
  topics: readonly TopicDeclaration[],
  changes: TopicChange[],
): Promise<void> {
  const created = new Set(changes.filter(({ action }) => action === "create").map(({ topic }) => topic));
  const grown = changes.filter(({ action }) => action === "grow");
  if (created.size > 0) {
    await admin.createTopics({
      // The client's own wait fails when the broker that it asks has not heard of a new topic yet.
      waitForLeaders: false,
      topics: topics
        .filter(({ name }) => created.has(name))
        .map(({ name, partitions, replicationFactor, config }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        })),
    });
    await untilLed(admin, [...created]);
  }
  if (grown.length > 0) {
    await admin.createPartitions({
      topicPartitions: grown.map(({ topic, partitions }) => ({ topic, count: partitions })),
    });
  }
}

/**
 * Makes sure that the topics exist with at least the declared partitions. More than declared is fine here: only
 * `millrace topics` insists on the exact number.
 */
export async function ensureTopics(admin: Admin, topics: readonly TopicDeclaration[]): Promise<TopicChange[]> {
  const changes = await planTopics(admin, topics);
  await applyTopics(admin, topics, changes);
  return changes;
}

const LEADERS_WAIT_MS = 5_000;
const LEADERS_POLL_MS = 100;

/** A broker answers the creation before it has heard of the leaders. Whoever begins without them waits for them then. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const deadlineMs = performance.now() + LEADERS_WAIT_MS;
  for (; performance.now() < deadlineMs; await sleep(LEADERS_POLL_MS)) {
    const found = await readTopics(admin, topics);
    const isLed = ({ partitions }: ITopicMetadata) =>
      partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
    if (found.length === topics.length && found.every(isLed)) return;
  }
}

/** What the broker knows of the topics; nothing while it does not know one of them yet. */
async function readTopics(admin: Admin, topics: string[]): Promise<ITopicMetadata[]> {
  try {
    return (await admin.fetchTopicMetadata({ topics })).topics;
  } catch (error) {
    if ((error as { type?: string }).type === "UNKNOWN_TOPIC_OR_PARTITION") return [];
    throw error;
  }
}
