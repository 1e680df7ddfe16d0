import { createRequire } from "node:module";
import { AssignerProtocol, type PartitionAssigner } from "kafkajs";
import { brokerAwayNames } from "../../clients/kafka/classify-error.ts";
import { type AnsweredCluster, type PartitionError, tellPartitionsApart } from "../../clients/kafka/partial-admin.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { subscriptionAssigner } from "./assigner.ts";
import { byTopic } from "./by-topic.ts";
import { ClockSteps, type WallClockTimes } from "./clock-steps.ts";
import { decodeGroupPlan, type GroupPlan } from "./group-plan.ts";
import {
  beginOffsets,
  begunTopics,
  type GroupCluster,
  isStale,
  type OffsetBroker,
  readCommittedPatiently,
} from "./group-start.ts";
import { type TopicMetadata, type TopicPartition, TopicWatch, type Unread } from "./topic-watch.ts";

/**
 * The second seam in kafkajs (the first is raw-kafkajs.ts): what happens between two generations of the group.
 *
 * kafkajs 2.2.4 joins again without asking, commits under whatever generation is current, and hands on batches that were
 * fetched under an earlier one; having done so it goes on fetching behind them, and everything between the committed
 * offset and there is skipped. At an offset out of range it jumps to the log's start or end and commits that. Six methods
 * are wrapped here, for consumers that ask for it by `createMember`; others in the process are not touched.
 */

/** One generation of this member, from the answer to its join request to the next join. No two of a member have one number. */
export interface Membership {
  generation: number;
  partitions: CommitOffset[];
  /**
   * Commits under this generation, whatever the member's present one is. `check` throws when the owner's epoch is over: it
   * is called in the last moment before the request leaves, behind all that the client waits for. Returns the partitions
   * that the coordinator does not know: their topic was deleted, and nothing can be committed for them. All others are.
   *
   * @throws StaleOwner when the coordinator says that it is over, or does not answer: the request may still come to it, and
   * would undo a later commit. What `check` throws. Anything else says that nothing was changed.
   */
  commit(offsets: CommitOffset[], check: () => void): Promise<readonly TopicPartition[]>;
}

export interface MembershipHooks {
  /** Where a partition begins that has no committed offset. */
  from: "earliest" | "latest";
  /** Before each join. The group waits for this member: to be done well within the session timeout. */
  beforeJoin(): Promise<void>;
  /**
   * The group begins this partition at `offset`, which is committed when this returns. Without that, what is read before
   * the first commit would be skipped by whoever begins at the end of the log next.
   */
  onBegin(topic: string, partition: number, offset: number): Promise<void>;
  /** Whether the topic was seen to be absent since this process began: all that is in it now came meanwhile. */
  isNewTopic(topic: string): boolean;
  /** The list of what should be read, and is not, has changed. Called before the join in which it comes back. */
  onUnread(unread: readonly Unread[]): void;
  /** The member has joined; nothing is fetched before this returns. */
  onJoined(membership: Membership): void;
  /**
   * The log does not have `offset` any more, or not yet. Returns the offset to go on at.
   *
   * @throws to stop the consumer.
   */
  onOutOfRange(topic: string, partition: number, offset: number, logStart: number, logEnd: number): number;
}

/** A request as kafkajs' connections take it. */
interface Protocol {
  request: { encode(): Promise<unknown> };
}

interface Broker extends OffsetBroker {
  isConnected(): boolean;
  /** Finds how the broker wants a request of this kind. */
  lookupRequest(apiKey: number, definition: object): (fields: object) => Protocol;
  offsetCommit(request: object): Promise<{ failed: PartitionError[] }>;
}

interface Cluster extends GroupCluster, AnsweredCluster {
  findGroupCoordinator(request: { groupId: string }): Promise<Broker>;
  refreshMetadata(): Promise<void>;
  brokerPool: { metadata: { topicMetadata: TopicMetadata[] } | null; metadataExpireAt: number | null };
}

interface FetchedBatch {
  /** The membership that its fetch began in. */
  membership?: Membership;
}

interface ConsumerGroup extends WallClockTimes {
  cluster: Cluster & WallClockTimes["cluster"];
  groupId: string;
  /** The broker that answered the last join. */
  coordinator: Broker;
  generationId: number;
  memberId: string;
  topicsSubscribed: string[];
  subscriptionState: { assign(partitions: { topic: string; partitions: number[] }[]): void };
  offsetManager: {
    topics: string[];
    memberAssignment: Record<string, number[]>;
    clearAllOffsets(): void;
    committedOffsets(): Record<string, Record<number, string>>;
    nextOffset(topic: string, partition: number): { toString(): string };
    resolveOffset(at: { topic: string; partition: number; offset: string }): void;
  };
  seekOffset: Map<string, string>;
  assigned(): { topic: string; partitions: number[] }[];
  /** Does nothing once the member has left. */
  leave(): Promise<void>;
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<FetchedBatch[]>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
  checkForStaleAssignment(): void;
  filterPartitionsByNode(
    nodeId: number,
    partitions: { topic: string; partitions: number[] }[],
  ): { topic: string; partitions: number[] }[];
}

interface Member {
  hooks: MembershipHooks;
  /** Known from the first join on. */
  group: ConsumerGroup | undefined;
  /** Whose `onJoined` has returned, and of which nothing has said that it is over. */
  current: Membership | undefined;
  joining: Promise<void> | undefined;
  /** What the coordinator knows the last epoch by. */
  last: { generation: number; memberId: string } | undefined;
  /** Counts the joins: what is told of one differs from what was told of the one before. */
  joinCount: number;
  /** Made at the first join, when the topics are known. */
  watch: TopicWatch | undefined;
  /** What the leader said with the last assignment. */
  plan: GroupPlan | undefined;
  /** The metadata that was looked at last, when, and what was told then; "" before the first time. */
  seen: object | undefined;
  lookedMs: number;
  told: string;
  clockSteps: ClockSteps;
}

const members = new WeakMap<Cluster, Member>();

/** While something cannot be read, the cluster is asked for its topics so often. */
const UNREAD_LOOK_MS = 2_000;
/** The same metadata is looked at again so often: what fails changes meanwhile. */
const LOOK_MS = 500;

/** The membership of one consumer. */
export interface GroupMember {
  /** To be the consumer's only partition assigner. */
  assigner: PartitionAssigner;
  /**
   * Leaves the group, if kafkajs has not: it does not when the consumer failed in its first join, and the group would wait
   * for the session to time out. Call it between the consumer's stop and its disconnect.
   */
  leave(): Promise<void>;
}

/** An assigner is the only part of a consumer's configuration that is shown its cluster object: its group is known by it. */
export function createMember(hooks: MembershipHooks): GroupMember {
  const member: Member = {
    ...{ hooks, group: undefined, current: undefined, joining: undefined, last: undefined, joinCount: 0 },
    ...{ watch: undefined, plan: undefined, seen: undefined, lookedMs: 0, told: "" },
    clockSteps: new ClockSteps(),
  };
  return {
    assigner(config) {
      const { groupId } = config;
      const { cluster } = config as unknown as { cluster: Cluster };
      members.set(cluster, member);
      tellPartitionsApart(cluster, {
        onFetchErrors(errors) {
          member.watch?.failed(errors, performance.now());
          expireMetadata(cluster, 0);
        },
        onAssignment(memberAssignment) {
          member.plan = decodeGroupPlan(AssignerProtocol.MemberAssignment.decode(memberAssignment)?.userData);
        },
      });
      const begun = (counts: Readonly<Record<string, number>>) => begunTopics(cluster, groupId, counts);
      const begunOf = hooks.from === "latest" ? begun : undefined;
      return subscriptionAssigner({ joinCount: () => member.joinCount, begunTopics: begunOf })(config);
    },
    async leave() {
      await member.group?.leave();
    },
  };
}

/** The next fetch asks for the metadata anew, if it begins later than this. */
function expireMetadata({ brokerPool }: Cluster, afterMs: number): void {
  brokerPool.metadataExpireAt = Math.min(brokerPool.metadataExpireAt ?? 0, Date.now() + afterMs);
}

/** Whether a broker said so, rather than the connection to it. */
function isAnswer(error: unknown): boolean {
  return (error as { name?: string }).name === "KafkaJSProtocolError";
}

/**
 * The broker for one request that is checked in the last moment: kafkajs may connect and log in again before it encodes.
 */
function checked(broker: Broker, check: () => void): Broker {
  const lookupRequest: Broker["lookupRequest"] = (apiKey, definition) => {
    const protocolOf = broker.lookupRequest(apiKey, definition);
    return (fields) => {
      const protocol = protocolOf(fields);
      const encode = async () => {
        check();
        return protocol.request.encode();
      };
      return { ...protocol, request: { ...protocol.request, encode } };
    };
  };
  return Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker;
}

/**
 * How a commit of the present generation is made.
 *
 * Kafka numbers no commits: of two, the one that it comes to last counts. So the next is sent when the one before is
 * answered, and never behind one that was sent and not answered, because its connection broke: a proxy, or a broker that
 * stood still, may yet deliver it, and a row of the ranges that only the later one announced would be doubled at the next
 * crash. The member joins anew instead, after which its old generation counts for nothing.
 *
 * `onOver`: the coordinator refused a commit, or did not answer. kafkajs would hear of the first by a heartbeat, in time, and
 * of the second not at all.
 */
function commitUnder(group: ConsumerGroup, member: Member, onOver: () => void): Membership["commit"] {
  const { groupId, generationId: groupGenerationId, memberId, cluster } = group;
  let coordinator: Broker | undefined;
  return async (offsets, check) => {
    const partitions = offsets.map(({ offset, ...rest }) => ({ ...rest, offset: String(offset) }));
    const request = { groupId, groupGenerationId, memberId, topics: byTopic(partitions) };
    let isSent = false;
    const send = () => {
      check();
      isSent = true;
    };
    try {
      if (coordinator?.isConnected() !== true) coordinator = await cluster.findGroupCoordinator({ groupId });
      const { failed } = await checked(coordinator, send).offsetCommit(request);
      if (failed.length > 0) member.watch?.askToRejoin();
      return failed;
    } catch (error) {
      // It may have moved to another broker.
      coordinator = undefined;
      if (error instanceof StaleOwner || !(isStale(error) || (isSent && !isAnswer(error)))) throw error;
      onOver();
      const fate = isStale(error) ? "was refused by the coordinator" : "was not answered";
      throw new StaleOwner(`a commit of generation ${groupGenerationId} ${fate}`, { cause: error });
    }
  };
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
  for (const { topic, partition, offset } of begun) await hooks.onBegin(topic, partition, offset);
  const refused = begun.length === 0 ? [] : await commit(begun, () => {});
  return [...known, ...begun.filter((at) => !refused.some((other) => isSame(at, other)))];
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition;
}

const require = createRequire(import.meta.url);
const groupPrototype: ConsumerGroup = require("kafkajs/src/consumer/consumerGroup.js").prototype;
interface Runner {
  consumerGroup: ConsumerGroup;
  handleBatch(batch: FetchedBatch): Promise<void>;
}
const runnerPrototype: Runner = require("kafkajs/src/consumer/runner.js").prototype;
const { joinAndSync, fetch, recoverFromOffsetOutOfRange, checkForStaleAssignment, filterPartitionsByNode } =
  groupPrototype;
const { handleBatch } = runnerPrototype;

/**
 * Whether the coordinator has given the generation of the last epoch again. One that heeds what members say of themselves
 * does not (assigner.ts); with any other the member leaves, and joins as somebody new.
 */
function isKnown({ last }: Member, { generationId, memberId }: ConsumerGroup): boolean {
  return last?.generation === generationId && last.memberId === memberId;
}

async function joinAs(group: ConsumerGroup, member: Member): Promise<void> {
  member.current = undefined;
  member.group = group;
  member.watch ??= new TopicWatch(group.topicsSubscribed);
  await member.hooks.beforeJoin();
  for (;;) {
    member.joinCount += 1;
    member.plan = undefined;
    await joinAndSync.call(group);
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

/** Tells what cannot be read, when that has changed, and looks again soon as long as there is something. */
function lookAtTopics({ cluster }: ConsumerGroup, member: Member, topics: readonly TopicMetadata[], isNew: boolean) {
  const unread = member.watch!.unread(topics, performance.now());
  const told = JSON.stringify(unread);
  if (told !== member.told) member.hooks.onUnread(unread);
  member.told = told;
  if (unread.length > 0 && isNew) expireMetadata(cluster, UNREAD_LOOK_MS);
}

groupPrototype.joinAndSync = function (this: ConsumerGroup) {
  const member = members.get(this.cluster);
  if (member === undefined) return joinAndSync.call(this);
  // Two fetches that meet the same change of the group would join one after the other.
  member.joining ??= joinAs(this, member).finally(() => {
    member.joining = undefined;
  });
  return member.joining;
};

groupPrototype.fetch = async function (this: ConsumerGroup, nodeId) {
  const member = members.get(this.cluster);
  if (member === undefined) return fetch.call(this, nodeId);
  // Another fetch has begun a join: offsets are those of before, the generation may be the next one already.
  await member.joining?.catch(() => {});
  const { current } = member;
  if (current === undefined) {
    // A join has failed, or a commit was refused. kafkajs would fetch on without one; this makes it join.
    throw Object.assign(new Error("not in the group"), { type: "REBALANCE_IN_PROGRESS" });
  }
  member.clockSteps.carryTo(this);
  const batches = await fetch.call(this, nodeId).catch((error) => restNode(this, member, Number(nodeId), error));
  for (const batch of batches) batch.membership = current;
  return batches;
};

groupPrototype.checkForStaleAssignment = function (this: ConsumerGroup) {
  const member = members.get(this.cluster);
  const { metadata } = this.cluster.brokerPool;
  if (member?.watch === undefined || metadata === null) return checkForStaleAssignment.call(this);
  const nowMs = performance.now();
  const isNew = metadata !== member.seen;
  // Each fetch comes here, and there may be thousands of partitions to look at.
  if (!isNew && nowMs - member.lookedMs < LOOK_MS) return;
  member.seen = metadata;
  member.lookedMs = nowMs;
  lookAtTopics(this, member, metadata.topicMetadata, isNew);
  if (member.plan === undefined) checkForStaleAssignment.call(this);
  const reason = member.watch.rejoinReason(metadata.topicMetadata, nowMs);
  // By this name kafkajs joins anew.
  if (reason !== undefined) throw Object.assign(new Error(reason), { name: "KafkaJSStaleTopicMetadataAssignment" });
};

groupPrototype.filterPartitionsByNode = function (this: ConsumerGroup, nodeId, topics) {
  const found = filterPartitionsByNode.call(this, nodeId, topics);
  const watch = members.get(this.cluster)?.watch;
  if (watch === undefined) return found;
  const nowMs = performance.now();
  return found.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.filter((partition) => !watch.isResting(topic, partition, nowMs)),
  }));
};

/**
 * One broker is away: its partitions rest, and the others go on; kafkajs would stop the fetches of all others, longer each
 * time. The heartbeat behind a fetch tells when it is all.
 */
function restNode(group: ConsumerGroup, { watch }: Member, nodeId: number, error: unknown): FetchedBatch[] {
  const led = filterPartitionsByNode.call(group, nodeId, group.assigned());
  const partitions = led.flatMap((entry) => entry.partitions.map((partition) => ({ topic: entry.topic, partition })));
  if (watch === undefined || partitions.length === 0 || !brokerAwayNames.has((error as Error).name)) throw error;
  const type = "its leader does not answer";
  watch.failed(
    partitions.map((at) => ({ ...at, type })),
    performance.now(),
  );
  expireMetadata(group.cluster, 0);
  return [];
}

runnerPrototype.handleBatch = async function (this: Runner, batch) {
  const member = members.get(this.consumerGroup.cluster);
  if (member === undefined) return handleBatch.call(this, batch);
  // Neither shown nor resolved: whoever owns the partition now fetches it from the committed offset.
  if (batch.membership === member.current) await handleBatch.call(this, batch);
};

groupPrototype.recoverFromOffsetOutOfRange = async function (this: ConsumerGroup, { topic, partition }) {
  const member = members.get(this.cluster);
  if (member === undefined) return recoverFromOffsetOutOfRange.call(this, { topic, partition });
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
  if (wanted > logEnd && !(await hasCommitted(this, topic, partition))) {
    // Kafka forgets a topic's offsets when it is deleted: this is another topic of the same name, to be begun.
    member.watch?.askToRejoin();
    return;
  }
  const next = member.hooks.onOutOfRange(topic, partition, wanted, logStart, logEnd);
  this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
};

async function hasCommitted({ cluster, groupId }: ConsumerGroup, topic: string, partition: number): Promise<boolean> {
  const committed = await readCommittedPatiently(cluster, groupId, [{ topic, partitions: [partition] }]);
  return committed.some(({ offset }) => offset >= 0);
}
