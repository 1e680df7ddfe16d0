import { setTimeout as sleep } from "node:timers/promises";
import type { TopicOffsets, TopicQuestion } from "../../clients/kafka/partial-admin.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { byTopic } from "./by-topic.ts";

/** What a group has committed, and where partitions begin of which it has committed nothing. */

export interface OffsetBroker {
  offsetFetch(request: object): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[];
  }>;
}

export interface GroupCluster {
  findGroupCoordinator(request: { groupId: string }): Promise<OffsetBroker>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  /** Those without a leader are not in the answer. */
  fetchTopicsOffset(topics: TopicQuestion[]): Promise<TopicOffsets[]>;
}

interface TopicPartitions {
  topic: string;
  partitions: readonly number[];
}

/** Errors of the coordinator that say: this member of this generation is no more. */
const staleTypes = new Set(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"]);

const OFFSET_FETCH_RETRIES_MAX = 50;
const OFFSET_FETCH_RETRY_MS = 100;

export function isStale(error: unknown): boolean {
  return staleTypes.has((error as { type?: string }).type ?? "");
}

/**
 * As the coordinator has it; an offset below zero says that nothing is committed. What a new coordinator has not loaded
 * yet, it says so for a while. A partition that it does not know is not in the answer.
 *
 * `joined`: the broker that the member has just joined the group at. It is asked first: a look-up may name a broker that was
 * the coordinator before and, cut off from the cluster, does not know that it is not any more; it would answer with what was
 * committed then, and ranges that were announced since would be doubled.
 */
export async function readCommittedPatiently(
  cluster: GroupCluster,
  groupId: string,
  topics: readonly TopicPartitions[],
  joined?: OffsetBroker,
): Promise<CommitOffset[]> {
  // No topics, in the request, are all topics.
  return topics.length === 0 ? [] : await readPatiently(cluster, groupId, topics, joined);
}

/**
 * The same of all partitions that the group has committed, whoever has them now, and topics that nobody reads any more
 * included. Those of a topic that was deleted Kafka forgets soon after.
 *
 * What is absent is not proven to be without a commit: Kafka leaves topics out, without an error, that the user may not see.
 *
 * One answer has them all: in a commit's metadata there are 4,096 characters at most, and a hundred as a rule, so 1,000
 * partitions are some 100 kB, 4 MB at most.
 */
export async function readGroupCommits(
  cluster: GroupCluster,
  groupId: string,
  joined: OffsetBroker,
): Promise<CommitOffset[]> {
  const committed = await readPatiently(cluster, groupId, [], joined);
  return committed.filter(({ offset }) => offset >= 0);
}

/** The same from this broker, and once. */
export async function readCommittedAt(coordinator: OffsetBroker, groupId: string): Promise<CommitOffset[]> {
  const committed = await readCommitted(coordinator, groupId, []);
  return committed.filter(({ offset }) => offset >= 0);
}

async function readPatiently(
  cluster: GroupCluster,
  groupId: string,
  topics: readonly TopicPartitions[],
  joined: OffsetBroker | undefined,
): Promise<CommitOffset[]> {
  let coordinator = joined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      coordinator ??= await cluster.findGroupCoordinator({ groupId });
      return await readCommitted(coordinator, groupId, topics);
    } catch (error) {
      coordinator = undefined;
      if (isStale(error) || attempt === OFFSET_FETCH_RETRIES_MAX) throw error;
      await sleep(OFFSET_FETCH_RETRY_MS);
    }
  }
}

/** `wanted`: none, and kafkajs asks for all (null, from version 3 of the request on, which Kafka 0.11 has). */
async function readCommitted(
  coordinator: OffsetBroker,
  groupId: string,
  wanted: readonly TopicPartitions[],
): Promise<CommitOffset[]> {
  const topics = wanted.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => ({ partition })),
  }));
  const { responses } = await coordinator.offsetFetch({ groupId, topics });
  return responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset, metadata }) => ({
      topic,
      partition,
      offset: Number(offset),
      metadata: metadata ?? "",
    })),
  );
}

/** Those of the topics that the group has committed an offset of, in any partition. */
export async function begunTopics(
  cluster: GroupCluster,
  groupId: string,
  partitionCounts: Readonly<Record<string, number>>,
): Promise<string[]> {
  const topics = Object.entries(partitionCounts).map(([topic, count]) => ({
    topic,
    partitions: Array.from({ length: count }, (_, partition) => partition),
  }));
  const committed = await readCommittedPatiently(cluster, groupId, topics);
  return [...new Set(committed.filter(({ offset }) => offset >= 0).map(({ topic }) => topic))];
}

export interface BeginRule {
  from: "earliest" | "latest";
  isNewTopic(topic: string): boolean;
  /** Topics that the group had begun before this generation; undefined: the leader did not say. */
  begun: string[] | undefined;
}

/**
 * The offsets at which partitions begin that the group has not committed. One without a leader is not in the answer: it
 * cannot begin yet.
 *
 * `latest` is about the topics that were there when the group came. A partition that was added to one of them since, and a
 * topic that was absent, begin at their start: whatever is in them came while the group was reading. Every partition's
 * first offset is committed at the join that begins it, so a topic with a commit is one that the group has met before.
 */
export async function beginOffsets(
  cluster: GroupCluster,
  groupId: string,
  fresh: readonly TopicPartition[],
  rule: BeginRule,
): Promise<CommitOffset[]> {
  const wanted = byTopic(fresh.map(({ topic, partition }) => ({ topic, partition })));
  const begun = new Set(rule.from === "earliest" ? [] : (rule.begun ?? (await lookForBegun(cluster, groupId, wanted))));
  const fromBeginning = (topic: string) => rule.from === "earliest" || rule.isNewTopic(topic) || begun.has(topic);
  const answer = await cluster.fetchTopicsOffset(
    wanted.map((entry) => ({ ...entry, fromBeginning: fromBeginning(entry.topic) })),
  );
  return answer.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset), metadata: "" })),
  );
}

/**
 * The leader is of an older version. Another member may be beginning the same topic in this moment, and then this finds
 * its commit: records from before the group are read, none is skipped.
 */
function lookForBegun(cluster: GroupCluster, groupId: string, topics: readonly { topic: string }[]): Promise<string[]> {
  const counts = topics.map(({ topic }) => [topic, cluster.findTopicPartitionMetadata(topic).length] as const);
  return begunTopics(cluster, groupId, Object.fromEntries(counts));
}
