import type { TopicPartition } from "../../core/topic-partition.ts";
import { readCommittedPatiently } from "./group-start.ts";
import { type ConsumerGroup, groupPrototype, kafkajsOwn } from "./kafkajs-methods.ts";
import { members } from "./member-state.ts";

/** Where the log does not have the offset that is to be fetched. */

groupPrototype.recoverFromOffsetOutOfRange = async function (this: ConsumerGroup, { topic, partition }) {
  const member = members.get(this.cluster);
  if (member === undefined) return kafkajsOwn.recoverFromOffsetOutOfRange.call(this, { topic, partition });
  const bound = async (fromBeginning: boolean) => {
    const [answer] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    const offset = answer?.partitions[0]?.offset;
    return offset === undefined ? undefined : Number(offset);
  };
  const [logStart, logEnd] = [await bound(true), await bound(false)];
  // Its leader has moved, or it is gone: the next fetch tells.
  if (logStart === undefined || logEnd === undefined) return;
  const wanted = Number(this.offsetManager.nextOffset(topic, partition).toString());
  if (wanted >= logStart && wanted <= logEnd) return;
  if (wanted > logEnd && !(await hasCommitted(this, { topic, partition }))) {
    // Kafka forgets a topic's offsets when it is deleted: this is another topic of the same name, to be begun.
    member.watch?.askToRejoin();
    return;
  }
  const next = member.hooks.onOutOfRange({ topic, partition }, wanted, logStart, logEnd);
  this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
};

async function hasCommitted(
  { cluster, groupId }: ConsumerGroup,
  { topic, partition }: TopicPartition,
): Promise<boolean> {
  const committed = await readCommittedPatiently(cluster, groupId, [{ topic, partitions: [partition] }]);
  return committed.some(({ offset }) => offset >= 0);
}
