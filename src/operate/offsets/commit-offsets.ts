import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, type ConsumerGroupJoinEvent, Kafka, type KafkaConfig } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";

const JOIN_MAX_MS = 30_000;
/** Short, because leaving waits for the last fetch, and with everything paused a fetch is a wait. */
const FETCH_WAIT_MS = 50;

/**
 * Commits offsets of one topic for a group, without metadata, as its only member for a moment.
 *
 * A member and not a bare commit: should an instance of the group start meanwhile, one of the two is refused by the
 * coordinator, or this one sees that it did not get every partition, and commits nothing. kafkajs' own
 * `admin.setOffsets` does the same, but waits five seconds for a fetch and keeps what it was refused to itself.
 *
 * @throws MillraceError E_KAFKA when the group has another member or the coordinator refuses.
 */
export async function commitOffsets(
  config: KafkaConfig,
  groupId: string,
  topic: string,
  offsets: { partition: number; offset: number }[],
): Promise<void> {
  const consumer = new Kafka(config).consumer({
    ...{ groupId, maxWaitTimeInMs: FETCH_WAIT_MS },
    allowAutoTopicCreation: false,
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic });
    const assigned = joinOf(consumer, topic);
    const running = consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
    // Before the first fetch: this member wants no records.
    consumer.pause([{ topic }]);
    const [own] = await Promise.all([assigned, running]);
    const others = offsets.filter(({ partition }) => !own.includes(partition));
    if (others.length > 0) throw new MillraceError("E_KAFKA", inUse(groupId));
    await consumer.commitOffsets(
      offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset), metadata: "" })),
    );
  } finally {
    await consumer.disconnect();
  }
}

/** The partitions of the topic that this member is given. */
function joinOf(consumer: Consumer, topic: string): Promise<number[]> {
  const joined = new Promise<number[]>((resolve, reject) => {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }: ConsumerGroupJoinEvent) =>
      resolve(payload.memberAssignment[topic] ?? []),
    );
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  });
  const late = sleep(JOIN_MAX_MS, undefined, { ref: false }).then(() => {
    throw new MillraceError("E_KAFKA", `Cannot join the group within ${JOIN_MAX_MS / 1000} s: no offset was changed.`);
  });
  return Promise.race([joined, late]);
}

function inUse(groupId: string): string {
  return `Group ${groupId} is in use: another member joined meanwhile. No offset was changed; stop it first.`;
}
