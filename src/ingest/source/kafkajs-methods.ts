import { createRequire } from "node:module";
import type { AnsweredCluster, PartitionError } from "../../clients/kafka/partial-admin.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { WallClockTimes } from "./clock-steps.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import type { GroupCluster, OffsetBroker } from "./group-start.ts";
import type { TopicMetadata } from "./topic-watch.ts";

/** What is used, and replaced, of kafkajs' private classes (2.2.4). */

/** A request as kafkajs' connections take it. */
export interface Protocol {
  request: { apiVersion: number; encode(): Promise<unknown> };
}

export interface Broker extends OffsetBroker {
  isConnected(): boolean;
  /** Finds how the broker wants a request of this kind. */
  lookupRequest(apiKey: number, definition: object): (fields: object) => Protocol;
  fetch(request: object): Promise<FetchAnswer>;
  offsetCommit(request: object): Promise<{ failed: PartitionError[] }>;
}

export interface Cluster extends GroupCluster, AnsweredCluster {
  findGroupCoordinator(request: { groupId: string }): Promise<Broker>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findBroker(node: { nodeId: number }): Promise<Broker>;
  brokerPool: { metadata: { topicMetadata: TopicMetadata[] } | null; metadataExpireAt: number | null };
}

/** What a fetch asks of one topic. */
export interface AskedTopic {
  topic: string;
  partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
}

interface FetchedPartition {
  partition: number;
  messages: FetchedBatch[];
  /** Behind the last record that can be read: no transaction before it is open. */
  lastStableOffset: string;
}

export interface FetchAnswer {
  responses: { topicName: string; partitions: FetchedPartition[] }[];
}

export interface ConsumerGroup extends WallClockTimes {
  cluster: Cluster & WallClockTimes["cluster"];
  groupId: string;
  /** The broker that answered the last join. */
  coordinator: Broker;
  generationId: number;
  memberId: string;
  topicsSubscribed: string[];
  /** How long a broker may keep a fetch for which it has nothing, in ms, as a rule. */
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  maxBytesPerPartition: number;
  isolationLevel: number;
  rackId: string;
  subscriptionState: {
    paused(): object[];
    isPaused(topic: string, partition: number): boolean;
    assign(partitions: { topic: string; partitions: number[] }[]): void;
  };
  offsetManager: {
    topics: string[];
    memberAssignment: Record<string, number[]>;
    clearAllOffsets(): void;
    committedOffsets(): Record<string, Record<number, string>>;
    nextOffset(topic: string, partition: number): { toString(): string };
    resolveOffset(at: { topic: string; partition: number; offset: string }): void;
  };
  seekOffset: { clear(): void; has(topic: string, partition: number): boolean };
  /** Carries out what was ordered by `seekOffset`, and asks for offsets that are not known. */
  seekOffsets(partitions: { topic: string; partitions: number[] }[]): Promise<void>;
  assigned(): { topic: string; partitions: number[] }[];
  /** Does nothing once the member has left. */
  leave(): Promise<void>;
  joinAndSync(): Promise<void>;
  /** The batches are kafkajs' own objects. */
  fetch(nodeId: number): Promise<object[]>;
  /** Mends what it can, so that the next fetch may succeed; throws the error otherwise. */
  recoverFromFetch(error: unknown): Promise<undefined>;
  recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void>;
  checkForStaleAssignment(): void;
  filterPartitionsByNode(
    nodeId: number,
    partitions: { topic: string; partitions: number[] }[],
  ): { topic: string; partitions: number[] }[];
  /** By topic and partition: replicas that the leaders would rather have read. */
  preferredReadReplicasPerTopicPartition: Record<string, Record<number, object>>;
  /** Partitions by the node to read them from. */
  findReadReplicaForPartitions(topic: string, partitions: number[]): Record<number, number[]>;
}

const require = createRequire(import.meta.url);
export const groupPrototype: ConsumerGroup = require("kafkajs/src/consumer/consumerGroup.js").prototype;

const { joinAndSync, fetch, recoverFromOffsetOutOfRange, checkForStaleAssignment, filterPartitionsByNode } =
  groupPrototype;
const { findReadReplicaForPartitions } = groupPrototype;

/** The methods as kafkajs has them, taken before any is replaced. */
export const kafkajsOwn = {
  ...{ joinAndSync, fetch, recoverFromOffsetOutOfRange, checkForStaleAssignment, filterPartitionsByNode },
  ...{ findReadReplicaForPartitions },
};
