import type { Admin } from "kafkajs";
import { type PartitionOffsets, readOffsets } from "../../clients/kafka/offsets.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Intent } from "../../core/partition-offsets.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { decodeIntents, type InFlight, UnreadableIntents } from "../../ingest/commit/intents.ts";

/** Where one partition of a group stands, with what its last commit says about ranges in flight. */
export interface GroupPartition extends PartitionOffsets {
  /** The commit's metadata as the broker has it; "" for none. */
  metadata: string;
  /** Ranges that may be stored, or are, beyond the committed offset; undefined when the metadata is not Millrace's. */
  intents: Intent[] | undefined;
  /** Committed, but deleted by retention before they were read. */
  lost: number;
}

/** Kafka's words for a group without members (https://kafka.apache.org/documentation/#basic_ops_consumer_group). */
const idleStates = ["Empty", "Dead"];

export interface GroupState {
  state: string;
  members: number;
  /** No member: its offsets may be changed. */
  isIdle: boolean;
}

export async function readGroupState(admin: Admin, groupId: string): Promise<GroupState> {
  const { groups } = await admin.describeGroups([groupId]);
  const { state = "Dead", members = [] } = groups[0] ?? {};
  return { state, members: members.length, isIdle: members.length === 0 && idleStates.includes(state) };
}

/**
 * The topics that the group has committed offsets of.
 *
 * @throws MillraceError E_KAFKA when there are none: most likely the group has another name.
 */
export async function committedTopics(admin: Admin, groupId: string): Promise<string[]> {
  const found = await admin.fetchOffsets({ groupId });
  const topics = found
    .filter(({ partitions }) => partitions.some(({ offset }) => Number(offset) >= 0))
    .map(({ topic }) => topic)
    .sort();
  if (topics.length > 0) return topics;
  throw new MillraceError("E_KAFKA", `Group ${groupId} has committed no offset: check --group, or name --topic.`);
}

export async function readGroupPartitions(admin: Admin, groupId: string, topics: string[]): Promise<GroupPartition[]> {
  const offsets = await readOffsets(admin, groupId, topics);
  const metadata = new Map<string, string>();
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
    for (const entry of partitions)
      metadata.set(partitionKey({ topic, partition: entry.partition }), entry.metadata ?? "");
  }
  return offsets.map((found) => {
    const text = metadata.get(partitionKey(found)) ?? "";
    const lost = Math.max(0, found.logStart - (found.committed ?? found.logStart));
    return { ...found, metadata: text, intents: readInFlight(text)?.intents, lost };
  });
}

/** What the last commit of a partition says is in flight there. */
export type GroupInFlight = TopicPartition & InFlight;

/** Of all partitions of the group whose commits Millrace can read. */
export async function readGroupInFlight(admin: Admin, groupId: string): Promise<GroupInFlight[]> {
  const found = await admin.fetchOffsets({ groupId });
  return found.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, metadata }) => {
      const inFlight = readInFlight(metadata ?? "");
      return inFlight === undefined ? [] : [{ topic, partition, ...inFlight }];
    }),
  );
}

function readInFlight(metadata: string): InFlight | undefined {
  try {
    return decodeIntents(metadata);
  } catch (error) {
    if (error instanceof UnreadableIntents) return undefined;
    throw error;
  }
}
