import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { PartitionAssigner } from "kafkajs";
import type { CommitOffset } from "../core/partition-offsets.ts";
import { StaleOwner } from "../core/stale-owner.ts";
import { byTopic } from "./by-topic.ts";
import { epochAssigner } from "./epoch-assigner.ts";

/**
 * The second seam in kafkajs (the first is raw-kafkajs.ts): what happens between two generations of the group.
 *
 * kafkajs 2.2.4 joins again without asking, commits under whatever generation is current, and hands on batches that were
 * fetched under an earlier one; having done so it goes on fetching behind them, and everything between the committed
 * offset and there is skipped. At an offset out of range it jumps to the log's start or end and commits that. Four methods
 * are wrapped here, for consumers that ask for it by `createMember`; others in the process are not touched.
 */

/** One generation of this member, from the answer to its join request to the next join. No two of a member have one number. */
export interface Membership {
  generation: number;
  partitions: CommitOffset[];
  /**
   * Commits under this generation, whatever the member's present one is. `check` throws when the owner's epoch is over: it
   * is called in the last moment before the request leaves, behind all that the client waits for.
   *
   * @throws StaleOwner when the coordinator says that it is over, or does not answer: the request may still come to it, and
   * would undo a later commit. What `check` throws. Anything else says that nothing was changed.
   */
  commit(offsets: CommitOffset[], check: () => void): Promise<void>;
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

interface Broker {
  isConnected(): boolean;
  /** Finds how the broker wants a request of this kind. */
  lookupRequest(apiKey: number, definition: object): (fields: object) => Protocol;
  offsetCommit(request: object): Promise<unknown>;
  offsetFetch(request: object): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[];
  }>;
}

interface Cluster {
  findGroupCoordinator(request: { groupId: string }): Promise<Broker>;
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

interface FetchedBatch {
  /** The membership that its fetch began in. */
  membership?: Membership;
}

interface ConsumerGroup {
  cluster: Cluster;
  groupId: string;
  generationId: number;
  memberId: string;
  offsetManager: {
    nextOffset(topic: string, partition: number): { toString(): string };
    resolveOffset(at: { topic: string; partition: number; offset: string }): void;
  };
  seekOffset: Map<string, string>;
  /** When the last heartbeat was sent, by the wall clock. */
  lastRequest: number;
  assigned(): { topic: string; partitions: number[] }[];
  /** Does nothing once the member has left. */
  leave(): Promise<void>;
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<FetchedBatch[]>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

/** Errors of the coordinator that say: this member of this generation is no more. */
const staleTypes = new Set(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"]);

const OFFSET_FETCH_RETRIES_MAX = 50;
const OFFSET_FETCH_RETRY_MS = 100;

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
}

const members = new WeakMap<Cluster, Member>();

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
    ...{ hooks, group: undefined, current: undefined, joining: undefined, last: undefined },
    joinCount: 0,
  };
  return {
    assigner(config) {
      members.set((config as unknown as { cluster: Cluster }).cluster, member);
      return epochAssigner(config, () => member.joinCount);
    },
    async leave() {
      await member.group?.leave();
    },
  };
}

function isStale(error: unknown): boolean {
  return staleTypes.has((error as { type?: string }).type ?? "");
}

/** Whether a broker said so, rather than the connection to it. */
function isAnswer(error: unknown): boolean {
  return (error as { name?: string }).name === "KafkaJSProtocolError";
}

/** As the coordinator has it; an offset below zero says that nothing is committed. */
async function readCommitted(group: ConsumerGroup): Promise<CommitOffset[]> {
  const topics = group.assigned().map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => ({ partition })),
  }));
  if (topics.length === 0) return [];
  const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
  const { responses } = await coordinator.offsetFetch({ groupId: group.groupId, topics });
  return responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset, metadata }) => ({
      topic,
      partition,
      offset: Number(offset),
      metadata: metadata ?? "",
    })),
  );
}

/** What a new coordinator has not loaded yet, it says so for a while. */
async function readCommittedPatiently(group: ConsumerGroup): Promise<CommitOffset[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readCommitted(group);
    } catch (error) {
      if (isStale(error) || attempt === OFFSET_FETCH_RETRIES_MAX) throw error;
      await sleep(OFFSET_FETCH_RETRY_MS);
    }
  }
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
function commitUnder(group: ConsumerGroup, onOver: () => void): Membership["commit"] {
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
      await checked(coordinator, send).offsetCommit(request);
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

/** Gives partitions that the group has not committed yet the offset that they begin at, and commits it. */
async function beginPartitions(
  group: ConsumerGroup,
  { hooks }: Member,
  committed: CommitOffset[],
  commit: Membership["commit"],
): Promise<CommitOffset[]> {
  const fresh = committed.filter(({ offset }) => offset < 0);
  if (fresh.length === 0) return committed;
  const fromBeginning = hooks.from === "earliest";
  const wanted = byTopic(fresh.map(({ topic, partition }) => ({ topic, partition })));
  const answer = await group.cluster.fetchTopicsOffset(wanted.map((topic) => ({ ...topic, fromBeginning })));
  const begun = answer.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset), metadata: "" })),
  );
  for (const { topic, partition, offset } of begun) await hooks.onBegin(topic, partition, offset);
  await commit(begun, () => {});
  return [...committed.filter(({ offset }) => offset >= 0), ...begun];
}

const require = createRequire(import.meta.url);
const groupPrototype: ConsumerGroup = require("kafkajs/src/consumer/consumerGroup.js").prototype;
interface Runner {
  consumerGroup: ConsumerGroup;
  handleBatch(batch: FetchedBatch): Promise<void>;
}
const runnerPrototype: Runner = require("kafkajs/src/consumer/runner.js").prototype;
const { joinAndSync, fetch, recoverFromOffsetOutOfRange } = groupPrototype;
const { handleBatch } = runnerPrototype;

/**
 * Whether the coordinator has given the generation of the last epoch again. One that heeds what members say of themselves
 * does not (epoch-assigner.ts); with any other the member leaves, and joins as somebody new.
 */
function isKnown({ last }: Member, { generationId, memberId }: ConsumerGroup): boolean {
  return last?.generation === generationId && last.memberId === memberId;
}

async function joinAs(group: ConsumerGroup, member: Member): Promise<void> {
  member.current = undefined;
  member.group = group;
  await member.hooks.beforeJoin();
  for (;;) {
    member.joinCount += 1;
    await joinAndSync.call(group);
    // Orders of an earlier generation.
    group.seekOffset.clear();
    if (isKnown(member, group)) {
      await group.leave();
      continue;
    }
    const { generationId: generation, memberId } = group;
    member.last = { generation, memberId };
    const commit = commitUnder(group, () => {
      if (member.current === membership) member.current = undefined;
    });
    const membership: Membership = { generation, partitions: [], commit };
    try {
      membership.partitions = await beginPartitions(group, member, await readCommittedPatiently(group), commit);
      member.hooks.onJoined(membership);
      member.current = membership;
      return;
    } catch (error) {
      // The group has moved on already: once more.
      if (!isStale(error) && !(error instanceof StaleOwner)) throw error;
    }
  }
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
  // kafkajs sends heartbeats by the wall clock: set back by an hour, it would send none for an hour.
  this.lastRequest = Math.min(this.lastRequest, Date.now());
  const batches = await fetch.call(this, nodeId);
  for (const batch of batches) batch.membership = current;
  return batches;
};

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
    return Number(answer!.partitions[0]!.offset);
  };
  const [logStart, logEnd] = [await bound(true), await bound(false)];
  const wanted = Number(this.offsetManager.nextOffset(topic, partition).toString());
  if (wanted >= logStart && wanted <= logEnd) return;
  const next = member.hooks.onOutOfRange(topic, partition, wanted, logStart, logEnd);
  this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
};
