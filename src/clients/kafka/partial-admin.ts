import type { Admin, Kafka } from "kafkajs";
import type { TopicPartition } from "../../core/topic-partition.ts";
import "./idle-queue.ts";
import "./sasl-errors.ts";

/**
 * The third seam in kafkajs (the others are raw-kafkajs.ts and group-member.ts): what becomes of an answer in which one topic
 * or partition has an error.
 *
 * kafkajs 2.2.4 throws the first error that it finds in an answer, so a deleted topic, or a partition that has no leader,
 * fails the metadata, fetch, offsets or commit of all others that were asked for in the same request. Here errors that are
 * about one topic or partition, and pass, are taken out of the answer and told apart; what is left is kafkajs' as ever.
 * Errors that are about the whole request, or that a person has to mend, are left in.
 */

/** Codes of errors that are about one topic or partition (https://kafka.apache.org/protocol#protocol_error_codes). */
const passing = new Map([
  [-1, "UNKNOWN"],
  [2, "CORRUPT_MESSAGE"],
  [3, "UNKNOWN_TOPIC_OR_PARTITION"],
  [5, "LEADER_NOT_AVAILABLE"],
  [6, "NOT_LEADER_FOR_PARTITION"],
  [9, "REPLICA_NOT_AVAILABLE"],
  [56, "KAFKA_STORAGE_ERROR"],
  [74, "FENCED_LEADER_EPOCH"],
  [75, "UNKNOWN_LEADER_EPOCH"],
  [78, "OFFSET_NOT_AVAILABLE"],
]);
/** The coordinator's errors are about the group, but for this one. */
const topicGone = new Map([[3, "UNKNOWN_TOPIC_OR_PARTITION"]]);
/** About one topic, and nothing that passes: not for those who do not read it themselves. */
const forbidden = new Map([
  [17, "INVALID_TOPIC_EXCEPTION"],
  [29, "TOPIC_AUTHORIZATION_FAILED"],
]);

/** A partition that an answer said nothing of but an error. */
export interface PartitionError extends TopicPartition {
  /** The error's name in the protocol. */
  type: string;
}

export interface AnswerListener {
  /** Partitions failed in a fetch. */
  onFetchErrors(errors: PartitionError[]): void;
  /** What the group's leader has given to this member. */
  onAssignment(memberAssignment: Buffer): void;
}

interface FailedPartition {
  partition: number;
  errorCode: number;
}

interface PartitionsAnswer {
  responses: { topic?: string; topicName?: string; partitions: FailedPartition[] }[];
}

interface MetadataAnswer {
  topicMetadata: {
    topicErrorCode: number;
    topic: string;
    partitionMetadata: { partitionErrorCode: number; leader: number }[];
  }[];
}

interface ProtocolRequest {
  request: { apiName: string };
  response: { decode(data: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
}

interface ConnectionPool {
  send(request: ProtocolRequest): Promise<unknown>;
}

/** As much of kafkajs' cluster object as is replaced here. */
export interface AnsweredCluster {
  connectionPoolBuilder: { build(destination?: object): Promise<ConnectionPool> };
  /** Topics that are asked for whenever the metadata is fetched anew. */
  targetTopics: Set<string>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  fetchTopicsOffset(topics: TopicQuestion[]): Promise<TopicOffsets[]>;
}

export interface TopicQuestion {
  topic: string;
  partitions: { partition: number }[];
  fromBeginning?: boolean;
}

export interface TopicOffsets {
  topic: string;
  partitions: { partition: number; offset: string }[];
}

/** Set as the leader of a partition that has none. */
export const NO_LEADER = -1;

/** Takes partitions that failed by themselves out of an answer, and notes them in it as `failed`. */
function takeFailed(answer: PartitionsAnswer, codes: ReadonlyMap<number, string>) {
  const failed: PartitionError[] = [];
  const responses = answer.responses.map((response) => ({
    ...response,
    partitions: response.partitions.filter(({ partition, errorCode }) => {
      const type = codes.get(errorCode);
      if (type !== undefined) failed.push({ topic: response.topic ?? response.topicName ?? "", partition, type });
      return type === undefined;
    }),
  }));
  return { ...answer, responses, failed };
}

/**
 * A topic that is not there stays in the answer, without partitions, so that it counts as looked up; a partition without a
 * leader gets one that no request goes to.
 */
function settleTopics(answer: MetadataAnswer, ownTopics: ReadonlySet<string> | undefined): MetadataAnswer {
  for (const topic of answer.topicMetadata) {
    const isForeign = ownTopics?.has(topic.topic) === false;
    if (passing.has(topic.topicErrorCode) || (isForeign && forbidden.has(topic.topicErrorCode))) {
      Object.assign(topic, { topicErrorCode: 0, partitionMetadata: [] });
    }
    for (const partition of topic.partitionMetadata) {
      if (!passing.has(partition.partitionErrorCode)) continue;
      // Of the others the leader is gone; a replica that is, has not taken it along.
      if (passing.get(partition.partitionErrorCode) !== "REPLICA_NOT_AVAILABLE") partition.leader = NO_LEADER;
      partition.partitionErrorCode = 0;
    }
  }
  return answer;
}

/** What kafkajs is to judge instead of an answer. */
function settle(apiName: string, decoded: unknown, cluster: AnsweredCluster, listener?: AnswerListener): unknown {
  switch (apiName) {
    case "Metadata":
      return settleTopics(decoded as MetadataAnswer, listener && cluster.targetTopics);
    case "OffsetFetch":
    case "OffsetCommit":
      return takeFailed(decoded as PartitionsAnswer, topicGone);
    case "ListOffsets":
      return takeFailed(decoded as PartitionsAnswer, passing);
    case "Fetch": {
      const settled = takeFailed(decoded as PartitionsAnswer, passing);
      if (settled.failed.length > 0) listener?.onFetchErrors(settled.failed);
      return settled;
    }
    case "SyncGroup": {
      const { errorCode, memberAssignment } = decoded as { errorCode: number; memberAssignment: Buffer };
      if (errorCode === 0) listener?.onAssignment(memberAssignment);
      return decoded;
    }
    default:
      return decoded;
  }
}

/** From now on the connections that this cluster object makes tell partitions apart. */
export function tellPartitionsApart(cluster: AnsweredCluster, listener?: AnswerListener): void {
  const { connectionPoolBuilder: builder } = cluster;
  const build = builder.build.bind(builder);
  builder.build = async (destination) => {
    const pool = await build(destination);
    const send = pool.send.bind(pool);
    pool.send = ({ request, response, ...rest }) => {
      const parse = (decoded: unknown) => response.parse(settle(request.apiName, decoded, cluster, listener));
      return send({ ...rest, request, response: { ...response, parse } });
    };
    return pool;
  };
  const fetchTopicsOffset = cluster.fetchTopicsOffset.bind(cluster);
  // A partition without a leader cannot be asked, and one that has failed is not in the answer; its topic is.
  cluster.fetchTopicsOffset = async (topics) => {
    const asked = topics.map(({ topic, partitions, ...rest }) => {
      const led = new Map(cluster.findTopicPartitionMetadata(topic).map((at) => [at.partitionId, at.leader]));
      const hasLeader = ({ partition }: { partition: number }) => (led.get(partition) ?? NO_LEADER) !== NO_LEADER;
      return { ...rest, topic, partitions: partitions.filter(hasLeader) };
    });
    const found = await fetchTopicsOffset(asked.filter(({ partitions }) => partitions.length > 0));
    return topics.map(({ topic }) => found.find((answer) => answer.topic === topic) ?? { topic, partitions: [] });
  };
}

type CreateCluster = (options: object) => AnsweredCluster;

/** Where kafkajs keeps what makes its cluster objects. */
function createClusterKey(kafka: Kafka): symbol {
  const key = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(":createCluster"));
  if (key === undefined)
    throw new Error("kafkajs has no createCluster: it is not the version that this is written for");
  return key;
}

/** A cluster object of one's own, which tells partitions apart: connections without a client around them. */
export function partialCluster(kafka: Kafka, options: object): AnsweredCluster {
  const cluster = (kafka as unknown as Record<symbol, CreateCluster>)[createClusterKey(kafka)]!(options);
  tellPartitionsApart(cluster);
  return cluster;
}

/** An admin client that answers for the topics and partitions that it can ask, and leaves the others out. */
export function partialAdmin(kafka: Kafka): Admin {
  const key = createClusterKey(kafka);
  const own = kafka as unknown as Record<symbol, CreateCluster>;
  const createCluster = own[key]!;
  own[key] = (options) => {
    const cluster = createCluster(options);
    tellPartitionsApart(cluster);
    return cluster;
  };
  try {
    return kafka.admin();
  } finally {
    own[key] = createCluster;
  }
}
