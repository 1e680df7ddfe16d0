import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { classifyKafkaError } from "./classify-error.ts";

/** Where one partition of a group stands. Offsets are "next record" positions. */
export interface PartitionOffsets extends TopicPartition {
  /** First offset that the log still has. */
  logStart: number;
  /** The offset that the next record will get. */
  logEnd: number;
  /** Undefined: the group has committed nothing here. */
  committed: number | undefined;
}

const RETRIES_MAX = 50;
const RETRY_MS = 100;

/**
 * Reads log bounds and committed offsets of all partitions of the topics that can be asked: an absent topic, and a
 * partition without a leader, are left out.
 *
 * kafkajs' admin client does not repeat some answers that Kafka means to be repeated (a coordinator that is being
 * elected or still loads its offsets): done here, for five seconds.
 */
export async function readOffsets(admin: Admin, groupId: string, topics: string[]): Promise<PartitionOffsets[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOffsetsOnce(admin, groupId, topics);
    } catch (error) {
      if (classifyKafkaError(error).class !== "retry" || attempt === RETRIES_MAX) throw error;
      await sleep(RETRY_MS);
    }
  }
}

async function readOffsetsOnce(admin: Admin, groupId: string, topics: string[]): Promise<PartitionOffsets[]> {
  const committed = new Map<string, number>();
  // No topics, to kafkajs, are all topics.
  const { topics: found } = topics.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics });
  const existing = found.filter(({ partitions }) => partitions.length > 0).map(({ name }) => name);
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
    for (const { partition, offset } of partitions) {
      if (Number(offset) >= 0) committed.set(partitionKey({ topic, partition }), Number(offset));
    }
  }
  const offsets: PartitionOffsets[] = [];
  for (const topic of existing) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const own = committed.get(partitionKey({ topic, partition }));
      offsets.push({ topic, partition, logStart: Number(low), logEnd: Number(high), committed: own });
    }
  }
  return offsets.sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
}

/** Records that the group has not committed yet. */
export function lagOf({ logStart, logEnd, committed }: PartitionOffsets): number {
  return Math.max(0, logEnd - Math.max(logStart, committed ?? logStart));
}

export function totalLag(offsets: readonly PartitionOffsets[]): number {
  return offsets.reduce((sum, partition) => sum + lagOf(partition), 0);
}

/** Whether the group has committed up to `ends` everywhere. An empty partition needs no commit. */
export function hasReached(now: PartitionOffsets[], ends: PartitionOffsets[]): boolean {
  const byKey = new Map(now.map((offsets) => [partitionKey(offsets), offsets]));
  return ends.every((end) => {
    const { committed, logStart } = byKey.get(partitionKey(end)) ?? end;
    return Math.max(logStart, committed ?? logStart) >= end.logEnd;
  });
}

/** Topics of which nothing could be read. */
export function unreadTopics(topics: readonly string[], offsets: readonly PartitionOffsets[]): string[] {
  const read = new Set(offsets.map(({ topic }) => topic));
  return topics.filter((topic) => !read.has(topic));
}
