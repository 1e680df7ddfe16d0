import { type Admin, type ConfigResourceTypes, Kafka, type KafkaConfig } from "kafkajs";
import { isDenial } from "../../clients/kafka/classify-error.ts";
import { readOffsets } from "../../clients/kafka/offsets.ts";
import { partialAdmin } from "../../clients/kafka/partial-admin.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { GroupFacts, KafkaFacts, PartitionFacts, TopicFacts } from "./facts.ts";
import { type DescribedMember, subscribedTopics, unassignedPartitions } from "./group-gaps.ts";
import { readApiVersions } from "./kafka-versions.ts";

/** Resource types of DescribeConfigs. kafkajs' own enum is not among the names that an ES module can import. */
const TOPIC = 2 as ConfigResourceTypes.TOPIC;
const BROKER = 4 as ConfigResourceTypes.BROKER;
const AHEAD_MS = 60_000;
const RATE_WINDOW_MS = 600_000;

const topicOptions = [
  "cleanup.policy",
  "max.message.bytes",
  "message.timestamp.type",
  "retention.bytes",
  "retention.ms",
  "unclean.leader.election.enable",
];
const brokerOptions = [
  "group.max.session.timeout.ms",
  "group.min.session.timeout.ms",
  "offset.metadata.max.bytes",
  "offsets.retention.minutes",
];

type Denied = KafkaFacts["denied"];

/**
 * Reads brokers, topics and group. Changes nothing. What the user may not read is in `denied`.
 *
 * @throws what kafkajs throws when no broker answers.
 */
export async function examineKafka(
  config: KafkaConfig,
  groupId: string,
  topicNames: readonly string[],
  nowMs: number = Date.now(),
): Promise<KafkaFacts> {
  const kafka = new Kafka(config);
  const admin = partialAdmin(kafka);
  await admin.connect();
  try {
    const denied: Denied = [];
    const [cluster, versions] = await Promise.all([admin.describeCluster(), readApiVersions(kafka)]);
    const brokerIds = cluster.brokers.map(({ nodeId }) => String(nodeId));
    const brokerLimits = await readBrokerLimits(admin, brokerIds, denied);
    const topics = await readTopics(admin, topicNames, denied);
    const existing = topics.filter(({ exists }) => exists);
    const { partitions, topicsAhead } = await readPartitions(admin, groupId, existing, denied, nowMs);
    const group = await readGroup(admin, groupId);
    return { brokerCount: brokerIds.length, versions, brokerLimits, topics, partitions, group, topicsAhead, denied };
  } finally {
    await admin.disconnect();
  }
}

/** The smallest value of each limit: whichever broker coordinates the group must accept what we send. */
async function readBrokerLimits(admin: Admin, brokerIds: string[], denied: Denied): Promise<Record<string, number>> {
  const limits: Record<string, number> = {};
  for (const id of brokerIds) {
    const configs = await readConfigs(admin, BROKER, id, brokerOptions, denied);
    for (const [name, text] of Object.entries(configs ?? {})) {
      const value = Number(text);
      const isLowerBound = name.includes(".min.");
      const known = limits[name] ?? value;
      limits[name] = isLowerBound ? Math.max(known, value) : Math.min(known, value);
    }
  }
  return limits;
}

async function readTopics(admin: Admin, names: readonly string[], denied: Denied): Promise<TopicFacts[]> {
  const existing = new Set(await admin.listTopics());
  const topics: TopicFacts[] = [];
  for (const name of names) {
    if (!existing.has(name)) {
      topics.push({ name, exists: false, partitions: 0, replicas: 0, config: undefined });
      continue;
    }
    const { topics: described } = await admin.fetchTopicMetadata({ topics: [name] });
    const partitions = described[0]?.partitions ?? [];
    const replicas = Math.min(...partitions.map(({ replicas: copies }) => copies.length));
    const config = await readConfigs(admin, TOPIC, name, topicOptions, denied);
    topics.push({ name, exists: true, partitions: partitions.length, replicas, config });
  }
  return topics;
}

/** Undefined when they cannot be read. */
async function readConfigs(
  admin: Admin,
  type: ConfigResourceTypes.TOPIC | ConfigResourceTypes.BROKER,
  name: string,
  configNames: string[],
  denied: Denied,
): Promise<Record<string, string> | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name, configNames }],
    });
    return Object.fromEntries(
      (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
    );
  } catch (error) {
    const where = type === BROKER ? `broker ${name}` : name;
    denied.push({ what: "configs", name: where, message: messageOf(error) });
    return undefined;
  }
}

async function readPartitions(
  admin: Admin,
  groupId: string,
  topics: TopicFacts[],
  denied: Denied,
  nowMs: number,
): Promise<Pick<KafkaFacts, "partitions" | "topicsAhead">> {
  const partitions: PartitionFacts[] = [];
  const topicsAhead: string[] = [];
  const metadata = await readMetadata(admin, groupId, topics, denied);
  if (metadata === undefined) return { partitions, topicsAhead };
  for (const { name, config } of topics) {
    const retentionMs = Number(config?.["retention.ms"] ?? -1);
    try {
      const offsets = await readOffsets(admin, groupId, [name]);
      const since = await firstOffsetsSince(admin, name, nowMs - RATE_WINDOW_MS);
      const [half, fourFifths] =
        retentionMs <= 0
          ? []
          : await Promise.all([0.5, 0.8].map((share) => firstOffsetsSince(admin, name, nowMs - retentionMs * share)));
      const ahead = await firstOffsetsSince(admin, name, nowMs + AHEAD_MS);
      for (const at of offsets) {
        const { partition, logStart, logEnd } = at;
        const recent = Math.max(logStart, since.get(partition) ?? logEnd);
        partitions.push({
          ...at,
          metadata: metadata.get(partitionKey({ topic: name, partition })),
          produceRate: (logEnd - recent) / (RATE_WINDOW_MS / 1000),
          youngerThanHalf: half?.get(partition),
          youngerThanFourFifths: fourFifths?.get(partition),
        });
      }
      if (offsets.some(({ partition, logEnd }) => (ahead.get(partition) ?? logEnd) < logEnd)) topicsAhead.push(name);
    } catch (error) {
      if (!isDenial((error as { type?: string }).type)) throw error;
      denied.push({ what: "topic", name, message: messageOf(error) });
    }
  }
  return { partitions, topicsAhead };
}

/** Commit metadata by partition; undefined when the group cannot be read. */
async function readMetadata(
  admin: Admin,
  groupId: string,
  topics: TopicFacts[],
  denied: Denied,
): Promise<Map<string, string> | undefined> {
  const byKey = new Map<string, string>();
  if (topics.length === 0) return byKey;
  try {
    // The same question, repeated until the coordinator has loaded its offsets.
    await readOffsets(admin, groupId, []);
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: topics.map(({ name }) => name) })) {
      for (const { partition, metadata } of partitions) byKey.set(partitionKey({ topic, partition }), metadata ?? "");
    }
    return byKey;
  } catch (error) {
    if (!isDenial((error as { type?: string }).type)) throw error;
    denied.push({ what: "group", name: groupId, message: messageOf(error) });
    return undefined;
  }
}

/** By partition, the offset of the first record that is not older than `sinceMs`; the log's end when all are. */
async function firstOffsetsSince(admin: Admin, topic: string, sinceMs: number): Promise<Map<number, number>> {
  const entries = await admin.fetchTopicOffsetsByTimestamp(topic, Math.floor(sinceMs));
  return new Map(entries.map(({ partition, offset }) => [partition, Number(offset)]));
}

async function readGroup(admin: Admin, groupId: string): Promise<GroupFacts | undefined> {
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const [group] = groups;
    if (group === undefined) return undefined;
    const { state, protocolType, protocol, members } = group;
    const memberClientIds = members.map(({ clientId }) => clientId);
    const unassigned = state === "Stable" ? unassignedPartitions(members, await countPartitions(admin, members)) : [];
    return { state, protocolType, protocol, memberClientIds, unassigned };
  } catch {
    // A group that nobody may describe is judged by its offsets alone.
    return undefined;
  }
}

async function countPartitions(admin: Admin, members: readonly DescribedMember[]): Promise<Map<string, number>> {
  const topics = subscribedTopics(members);
  if (topics.length === 0) return new Map();
  const { topics: found } = await admin.fetchTopicMetadata({ topics });
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
