import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { byTopic } from "./by-topic.ts";
import { commitUnder } from "./commit-under.ts";
import { beginOffsets, isStale, readCommittedPatiently } from "./group-start.ts";
import { type ConsumerGroup, kafkajsOwn } from "./kafkajs-methods.ts";
import type { Member } from "./member-state.ts";
import type { Membership } from "./membership.ts";
import { TopicWatch } from "./topic-watch.ts";

/**
 * Whether the coordinator has given the generation of the last epoch again. One that heeds what members say of themselves
 * does not (assigner.ts); with any other the member leaves, and joins as somebody new.
 */
function isKnown({ last }: Member, { generationId, memberId }: ConsumerGroup): boolean {
  return last?.generation === generationId && last.memberId === memberId;
}

export async function joinAs(group: ConsumerGroup, member: Member): Promise<void> {
  member.current = undefined;
  member.group = group;
  member.watch ??= new TopicWatch(group.topicsSubscribed);
  await member.hooks.beforeJoin();
  for (;;) {
    member.joinCount += 1;
    member.plan = undefined;
    await kafkajsOwn.joinAndSync.call(group);
    // Orders of an earlier generation.
    group.seekOffset.clear();
    if (isKnown(member, group)) {
      await group.leave();
      continue;
    }
    const { generationId: generation, memberId } = group;
    member.last = { generation, memberId };
    const commit = commitUnder(group, member, () => {
      if (member.current === membership) member.current = undefined;
    });
    const membership: Membership = { generation, partitions: [], commit };
    try {
      const assigned = group
        .assigned()
        .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
      membership.partitions = await beginPartitions(group, member, commit);
      startFetchesAt(group, membership.partitions);
      const leftOut = assigned.filter((at) => !membership.partitions.some((begun) => isSame(at, begun)));
      member.watch.joined(assigned, leftOut, member.plan, performance.now());
      member.seen = undefined;
      member.hooks.onJoined(membership);
      member.current = membership;
      return;
    } catch (error) {
      // The group has moved on already: once more.
      if (isStale(error) || error instanceof StaleOwner) continue;
      // kafkajs closes its connections before it tells of the crash: later there is nobody to say it to, and the group
      // would wait for the session to time out.
      await group.leave().catch(() => {});
      throw error;
    }
  }
}

/**
 * Tells kafkajs where to begin. It would ask for the offsets once more, and begin a partition that was left out by itself.
 */
function startFetchesAt(group: ConsumerGroup, partitions: readonly CommitOffset[]): void {
  const byName = byTopic(partitions.map(({ topic, partition }) => ({ topic, partition }))).map((entry) => ({
    topic: entry.topic,
    partitions: entry.partitions.map(({ partition }) => partition),
  }));
  group.subscriptionState.assign(byName);
  const { offsetManager } = group;
  offsetManager.topics = byName.map(({ topic }) => topic);
  offsetManager.memberAssignment = Object.fromEntries(byName.map((entry) => [entry.topic, entry.partitions]));
  offsetManager.clearAllOffsets();
  for (const { topic, partition, offset } of partitions) {
    offsetManager.committedOffsets()[topic]![partition] = String(offset);
  }
}

/** Partitions as they begin, and those of them that cannot begin yet. */
async function beginPartitions(
  group: ConsumerGroup,
  member: Member,
  commit: Membership["commit"],
): Promise<CommitOffset[]> {
  const { hooks, plan } = member;
  const { cluster, groupId } = group;
  const committed = await readCommittedPatiently(cluster, groupId, group.assigned(), group.coordinator);
  const fresh = committed.filter(({ offset }) => offset < 0);
  const known = committed.filter(({ offset }) => offset >= 0);
  if (fresh.length === 0) return known;
  const begun = await beginOffsets(cluster, groupId, fresh, { ...hooks, begun: plan?.begun });
  for (const { topic, partition, offset } of begun) await hooks.onBegin({ topic, partition }, offset);
  const refused = begun.length === 0 ? [] : await commit(begun, () => {});
  return [...known, ...begun.filter((at) => !refused.some((other) => isSame(at, other)))];
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition;
}
