import { type ConsumerGroup, groupPrototype, kafkajsOwn } from "./kafkajs-methods.ts";
import { expireMetadata, type Member, members } from "./member-state.ts";
import type { TopicMetadata } from "./topic-watch.ts";

/** Topics and partitions that come, go and fail while the others are read. */

/** While something cannot be read, the cluster is asked for its topics so often. */
const UNREAD_LOOK_MS = 2_000;
/** The same metadata is looked at again so often: what fails changes meanwhile. */
const LOOK_MS = 500;

groupPrototype.checkForStaleAssignment = function (this: ConsumerGroup) {
  const member = members.get(this.cluster);
  const { metadata } = this.cluster.brokerPool;
  if (member?.watch === undefined || metadata === null) return kafkajsOwn.checkForStaleAssignment.call(this);
  const nowMs = performance.now();
  const isNew = metadata !== member.seen;
  // Each fetch comes here, and there may be thousands of partitions to look at.
  if (!isNew && nowMs - member.lookedMs < LOOK_MS) return;
  member.seen = metadata;
  member.lookedMs = nowMs;
  lookAtTopics(this, member, metadata.topicMetadata, isNew);
  if (member.plan === undefined) kafkajsOwn.checkForStaleAssignment.call(this);
  const reason = member.watch.rejoinReason(metadata.topicMetadata, nowMs);
  // By this name kafkajs joins anew.
  if (reason !== undefined) throw Object.assign(new Error(reason), { name: "KafkaJSStaleTopicMetadataAssignment" });
};

groupPrototype.filterPartitionsByNode = function (this: ConsumerGroup, nodeId, topics) {
  const found = kafkajsOwn.filterPartitionsByNode.call(this, nodeId, topics);
  const watch = members.get(this.cluster)?.watch;
  if (watch === undefined) return found;
  const nowMs = performance.now();
  return found.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.filter((partition) => !watch.isResting({ topic, partition }, nowMs)),
  }));
};

/** Tells what cannot be read, when that has changed, and looks again soon as long as there is something. */
function lookAtTopics({ cluster }: ConsumerGroup, member: Member, topics: readonly TopicMetadata[], isNew: boolean) {
  const unread = member.watch!.unread(topics, performance.now());
  const told = JSON.stringify(unread);
  if (told !== member.told) member.hooks.onUnread(unread);
  member.told = told;
  if (unread.length > 0 && isNew) expireMetadata(cluster, UNREAD_LOOK_MS);
}
