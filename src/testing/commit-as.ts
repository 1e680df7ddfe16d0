import { Kafka, logLevel } from "kafkajs";
import type { CommitOffset } from "../core/partition-offsets.ts";

/** Commits offsets of one topic with their metadata, as the only member of a group. */
export async function commitAs(brokers: string, groupId: string, offsets: CommitOffset[]): Promise<void> {
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50 });
  const { topic } = offsets[0]!;
  try {
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
    consumer.pause([{ topic }]);
    await joined;
    await consumer.commitOffsets(offsets.map(({ offset, ...rest }) => ({ ...rest, offset: String(offset) })));
  } finally {
    await consumer.disconnect();
  }
}
