/** A partition of a topic. */
export interface TopicPartition {
  topic: string;
  partition: number;
}

/** A topic-partition as one string, for maps and logs: `logs.auth:3`. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}
