import { type ConsumerGroup, groupPrototype, kafkajsOwn } from "./kafkajs-methods.ts";
import type { TopicMetadata } from "./topic-watch.ts";

type PartitionMetadata = TopicMetadata["partitionMetadata"][number];

/** By a topic's metadata, which is made anew at each refresh: the leader of each partition. */
const leadersOfTopic = new WeakMap<PartitionMetadata[], Map<number, number>>();

/**
 * Before each fetch kafkajs sorts all partitions by the node that they are read from. For each of them it searches the
 * topic's metadata and copies the list made so far: four megabytes of garbage a fetch of 1,024 partitions. This looks
 * leaders up. Where a broker has named replicas to be read instead of leaders, kafkajs does it as before.
 */
groupPrototype.findReadReplicaForPartitions = function (this: ConsumerGroup, topic, partitions) {
  if (hasEntries(this.preferredReadReplicasPerTopicPartition[topic])) {
    return kafkajsOwn.findReadReplicaForPartitions.call(this, topic, partitions);
  }
  const byNode: Record<number, number[]> = {};
  const leaders = leadersOf(this.cluster.findTopicPartitionMetadata(topic));
  for (const partition of partitions) {
    const leader = leaders.get(partition);
    if (leader === undefined) continue;
    const together = byNode[leader];
    if (together === undefined) byNode[leader] = [partition];
    else together.push(partition);
  }
  return byNode;
};

function leadersOf(metadata: PartitionMetadata[]): Map<number, number> {
  const known = leadersOfTopic.get(metadata);
  if (known !== undefined) return known;
  const leaders = new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader]));
  leadersOfTopic.set(metadata, leaders);
  return leaders;
}

function hasEntries(preferred: object | undefined): boolean {
  for (const _ in preferred) return true;
  return false;
}
