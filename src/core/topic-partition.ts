/** A partition of a topic. */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** Offsets of one partition. */
export interface PartitionRange extends TopicPartition {
  firstOffset: number;
  /** Itself included. */
  lastOffset: number;
}

/** A topic-partition as one string, for maps and logs: `logs.auth:3`. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

/** An order of topic-partitions: by topic, code unit by code unit, then by the partition's number. */
export function compareTopicPartitions(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
