import { createRequire } from "node:module";
import type { AnsweredCluster, PartitionError } from "../../clients/kafka/partial-admin.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { WallClockTimes } from "./clock-steps.ts";
import type { GroupCluster, OffsetBroker } from "./group-start.ts";
import type { Membership } from "./membership.ts";
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
  offsetCommit(request: object): Promise<{ failed: PartitionError[] }>;
}

export interface Cluster extends GroupCluster, AnsweredCluster {
  findGroupCoordinator(request: { groupId: string }): Promise<Broker>;
  refreshMetadata(): Promise<void>;
  brokerPool: { metadata: { topicMetadata: TopicMetadata[] } | null; metadataExpireAt: number | null };
}

export interface FetchedBatch {
  messages: { value: Buffer; hasMore: boolean }[];
  /** The membership that its fetch began in. */
  membership?: Membership;
}

export interface ConsumerGroup extends WallClockTimes {
  cluster: Cluster & WallClockTimes["cluster"];
  groupId: string;
  /** The broker that answered the last join. */
  coordinator: Broker;
  generationId: number;
  memberId: string;
  topicsSubscribed: string[];
  /** How long a broker may keep a fetch for which it has nothing, in ms. */
  maxWaitTime: number;
  subscriptionState: { paused(): object[]; assign(partitions: { topic: string; partitions: number[] }[]): void };
  offsetManager: {
    topics: string[];
    memberAssignment: Record<string, number[]>;
    clearAllOffsets(): void;
    committedOffsets(): Record<string, Record<number, string>>;
    nextOffset(topic: string, partition: number): { toString(): string };
    resolveOffset(at: { topic: string; partition: number; offset: string }): void;
  };
  seekOffset: Map<string, string>;
  assigned(): { topic: string; partitions: number[] }[];
  /** Does nothing once the member has left. */
  leave(): Promise<void>;
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<FetchedBatch[]>;
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

interface Runner {
  running: boolean;
  consumerGroup: ConsumerGroup;
  handleBatch(batch: FetchedBatch): Promise<void>;
  /** Hands a batch that is not empty to the consumer's function, and goes on behind it. */
  processEachBatch(batch: FetchedBatch): Promise<void>;
  /** Sends a heartbeat if it is time. */
  heartbeat(): Promise<void>;
}

const require = createRequire(import.meta.url);
export const groupPrototype: ConsumerGroup = require("kafkajs/src/consumer/consumerGroup.js").prototype;
export const runnerPrototype: Runner = require("kafkajs/src/consumer/runner.js").prototype;

const { joinAndSync, fetch, recoverFromOffsetOutOfRange, checkForStaleAssignment, filterPartitionsByNode } =
  groupPrototype;
const { findReadReplicaForPartitions } = groupPrototype;
const { handleBatch } = runnerPrototype;

/** The methods as kafkajs has them, taken before any is replaced. */
export const kafkajsOwn = {
  ...{ joinAndSync, fetch, recoverFromOffsetOutOfRange, checkForStaleAssignment, filterPartitionsByNode },
  ...{ findReadReplicaForPartitions, handleBatch },
};
