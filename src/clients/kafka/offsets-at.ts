import type { Admin } from "kafkajs";
import { partitionKey } from "../../core/topic-partition.ts";

/** By `partitionKey`, the offset of the first record at or after a time, ms since 1970; as the broker answers. */
export async function readOffsetsAt(admin: Admin, topics: string[], timeMs: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(topic, timeMs)) {
      found.set(partitionKey({ topic, partition }), Number(offset));
    }
  }
  return found;
}
