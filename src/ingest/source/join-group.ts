import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { numbersByTopic } from "./by-topic.ts";
import { commitBegun } from "./commit-begun.ts";
import { commitUnder } from "./commit-under.ts";
import { beginOffsets, isStale, readCommittedPatiently, readGroupCommits } from "./group-start.ts";
import { type ConsumerGroup, kafkajsOwn } from "./kafkajs-methods.ts";
import type { Member } from "./member-state.ts";
import type { FetchStarts, Membership } from "./membership.ts";
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
    const commits = commitUnder(group, member, () => {
      if (member.current === membership) member.current = undefined;
    });
    const membership: Membership = { generation, partitions: [], groupCommits: [], ...commits };
    try {
      const assigned = group
        .assigned()
        .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
      const read = await readCommits(group, assigned);
      membership.groupCommits = read.groupCommits;
      membership.partitions = await beginPartitions(group, member, read.own, commits.commit);
      const leftOut = without(assigned, membership.partitions);
      member.watch.joined(assigned, leftOut, member.plan, performance.now());
      member.seen = undefined;
      // Asked before kafkajs is told, because only the listener knows which ranges were announced. No fetch comes between:
      // all wait for this join, and what is ordered meanwhile (pause, seek) kafkajs keeps apart from its offsets.
      const starts = member.hooks.onJoined(membership);
      startFetchesAt(group, membership.partitions, starts);
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
function startFetchesAt(
  group: ConsumerGroup,
  partitions: readonly CommitOffset[],
  starts: FetchStarts = new Map(),
): void {
  const byName = numbersByTopic(partitions);
  group.subscriptionState.assign(byName);
  const { offsetManager } = group;
  offsetManager.topics = byName.map(({ topic }) => topic);
  offsetManager.memberAssignment = Object.fromEntries(byName.map((entry) => [entry.topic, entry.partitions]));
  offsetManager.clearAllOffsets();
  for (const { topic, partition, offset } of partitions) {
    const start = starts.get(partitionKey({ topic, partition })) ?? offset;
    if (start < offset) {
      throw new RangeError(`Cannot fetch ${partitionKey({ topic, partition })} from ${start}: ${offset} is committed`);
    }
    // Its name for what it falls back to; it commits nothing by itself.
    offsetManager.committedOffsets()[topic]![partition] = String(start);
  }
}

/**
 * What the group has committed, in all and of the member's own partitions, in one request. Those of its own that are not in
 * the answer are asked for by name: mostly the group is only beginning them, but a topic that was hidden from this user for
 * a moment must fail the join, and not begin anew.
 */
async function readCommits(
  { cluster, groupId, coordinator }: ConsumerGroup,
  assigned: readonly TopicPartition[],
): Promise<{ groupCommits: CommitOffset[]; own: CommitOffset[] }> {
  if (assigned.length === 0) return { groupCommits: [], own: [] };
  const groupCommits = await readGroupCommits(cluster, groupId, coordinator);
  const byKey = new Map(groupCommits.map((commit) => [partitionKey(commit), commit]));
  const absent = numbersByTopic(assigned.filter((at) => !byKey.has(partitionKey(at))));
  const named = await readCommittedPatiently(cluster, groupId, absent, coordinator);
  return { groupCommits, own: [...assigned.flatMap((at) => byKey.get(partitionKey(at)) ?? []), ...named] };
}

/** Partitions as they begin, and those of them that cannot begin yet. */
async function beginPartitions(
  group: ConsumerGroup,
  member: Member,
  committed: readonly CommitOffset[],
  commit: Membership["commit"],
): Promise<CommitOffset[]> {
  const { hooks, plan } = member;
  const { cluster, groupId } = group;
  const fresh = committed.filter(({ offset }) => offset < 0);
  const known = committed.filter(({ offset }) => offset >= 0);
  if (fresh.length === 0) return known;
  const begun = await beginOffsets(cluster, groupId, fresh, { ...hooks, begun: plan?.begun });
  for (const { topic, partition, offset } of begun) await hooks.onBegin({ topic, partition }, offset);
  return [...known, ...without(begun, await commitBegun(begun, commit))];
}

function without<T extends TopicPartition>(partitions: readonly T[], others: readonly TopicPartition[]): T[] {
  const keys = new Set(others.map(partitionKey));
  return partitions.filter((at) => !keys.has(partitionKey(at)));
}
