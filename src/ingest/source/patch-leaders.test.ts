import { expect, it } from "vitest";
import { type ConsumerGroup, groupPrototype, kafkajsOwn } from "./kafkajs-methods.ts";
import "./patch-leaders.ts";

/** A group that knows five partitions of one topic, led by two nodes and, one of them, by none. */
function groupOf(preferred: Record<number, object>): ConsumerGroup {
  const leaders = [1, 2, 1, -1, 2];
  const partitionMetadata = leaders.map((leader, partitionId) => ({ partitionId, leader, offlineReplicas: [] }));
  const group: object = {
    cluster: { findTopicPartitionMetadata: (topic: string) => (topic === "known" ? partitionMetadata : []) },
    preferredReadReplicasPerTopicPartition: { known: preferred },
  };
  return Object.setPrototypeOf(group, groupPrototype) as ConsumerGroup;
}

const never = Number.POSITIVE_INFINITY;

it.each([
  { what: "leaders", topic: "known", partitions: [4, 0, 3, 1, 2], preferred: {} },
  { what: "a partition without metadata", topic: "known", partitions: [0, 17, 1], preferred: {} },
  { what: "an unknown topic", topic: "unknown", partitions: [0, 1], preferred: {} },
  {
    what: "a replica preferred",
    topic: "known",
    partitions: [0, 1, 2],
    preferred: { 0: { nodeId: 7, expireAt: never } },
  },
])("findReadReplicaForPartitions() answers as kafkajs: $what", ({ topic, partitions, preferred }) => {
  const found = groupOf(preferred).findReadReplicaForPartitions(topic, partitions);
  expect(found).toEqual(kafkajsOwn.findReadReplicaForPartitions.call(groupOf(preferred), topic, partitions));
});

it("finds what was led anew: a refresh makes another list", () => {
  const group = groupOf({});
  expect(group.findReadReplicaForPartitions("known", [0])).toEqual({ 1: [0] });
  group.cluster.findTopicPartitionMetadata = () => [{ partitionId: 0, leader: 9 }];
  expect(group.findReadReplicaForPartitions("known", [0])).toEqual({ 9: [0] });
});
