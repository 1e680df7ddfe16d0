import type { TopicPartition } from "../../core/topic-partition.ts";

/** `topic → partitions`, as kafkajs' requests have it. What else an entry says stays with its partition. */
export function byTopic<T extends { topic: string }>(
  entries: readonly T[],
): { topic: string; partitions: Omit<T, "topic">[] }[] {
  const topics = new Map<string, Omit<T, "topic">[]>();
  for (const { topic, ...rest } of entries) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [rest]);
    else list.push(rest);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

/** `topic → partition numbers`, as kafkajs' consumer has it. */
export function numbersByTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return byTopic(partitions.map(({ topic, partition }) => ({ topic, partition }))).map((entry) => ({
    topic: entry.topic,
    partitions: entry.partitions.map(({ partition }) => partition),
  }));
}
