import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { type PartitionAssigner, PartitionAssigners } from "kafkajs";
import type { CommitOffset } from "../core/partition-offsets.ts";
import { StaleOwner } from "../core/stale-owner.ts";
import { byTopic } from "./by-topic.ts";

/**
 * The second seam in kafkajs (the first is raw-kafkajs.ts): what happens between two generations of the group.
 *
 * kafkajs 2.2.4 joins again without asking, commits under whatever generation is current, and hands on batches that were
 * fetched under an earlier one; having done so it goes on fetching behind them, and everything between the committed
 * offset and there is skipped. At an offset out of range it jumps to the log's start or end and commits that. Four methods
 * are wrapped here, for consumers that ask for it by `createMember`; others in the process are not touched.
 */

/** One generation of this member, from the answer to its join request to the next join. */
export interface Membership {
  generation: number;
  partitions: CommitOffset[];
  /**
   * Commits under this generation, whatever the member's present one is.
   *
   * @throws StaleOwner when the coordinator says that it is over.
   */
  commit(offsets: CommitOffset[]): Promise<void>;
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

interface Broker {
  isConnected(): boolean;
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
  /** The generation that its fetch began in. */
  generationId?: number;
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
  /** The generation whose `onJoined` has returned. */
  readyGeneration: number | undefined;
  joining: Promise<void> | undefined;
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

/**
 * kafkajs' round-robin assigner serves as a vehicle: an assigner is the only part of a consumer's configuration that is
 * shown the consumer's cluster object, by which its group is recognised here.
 */
export function createMember(hooks: MembershipHooks): GroupMember {
  const member: Member = { hooks, group: undefined, readyGeneration: undefined, joining: undefined };
  return {
    assigner(config) {
      members.set((config as unknown as { cluster: Cluster }).cluster, member);
      return PartitionAssigners.roundRobin(config);
    },
    async leave() {
      await member.group?.leave();
    },
  };
}

function isStale(error: unknown): boolean {
  return staleTypes.has((error as { type?: string }).type ?? "");
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

function commitUnder(group: ConsumerGroup): Membership["commit"] {
  const { groupId, generationId: groupGenerationId, memberId, cluster } = group;
  let coordinator: Broker | undefined;
  return async (offsets) => {
    const partitions = offsets.map(({ offset, ...rest }) => ({ ...rest, offset: String(offset) }));
    try {
      if (coordinator?.isConnected() !== true) coordinator = await cluster.findGroupCoordinator({ groupId });
      await coordinator.offsetCommit({ groupId, groupGenerationId, memberId, topics: byTopic(partitions) });
    } catch (error) {
      // It may have moved to another broker.
      coordinator = undefined;
      if (!isStale(error)) throw error;
      throw new StaleOwner(`the coordinator refused a commit of generation ${groupGenerationId}`, { cause: error });
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
  await commit(begun);
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

async function joinAs(group: ConsumerGroup, member: Member): Promise<void> {
  member.readyGeneration = undefined;
  member.group = group;
  await member.hooks.beforeJoin();
  for (;;) {
    await joinAndSync.call(group);
    // Orders of an earlier generation.
    group.seekOffset.clear();
    const { generationId: generation } = group;
    const commit = commitUnder(group);
    try {
      const partitions = await beginPartitions(group, member, await readCommittedPatiently(group), commit);
      member.hooks.onJoined({ generation, partitions, commit });
      member.readyGeneration = generation;
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
  const { readyGeneration } = member;
  if (readyGeneration === undefined) {
    // A join has failed. kafkajs would fetch on without one; this makes it join.
    throw Object.assign(new Error("not in the group"), { type: "REBALANCE_IN_PROGRESS" });
  }
  const batches = await fetch.call(this, nodeId);
  for (const batch of batches) batch.generationId = readyGeneration;
  return batches;
};

runnerPrototype.handleBatch = async function (this: Runner, batch) {
  const member = members.get(this.consumerGroup.cluster);
  if (member === undefined) return handleBatch.call(this, batch);
  // Neither shown nor resolved: whoever owns the partition now fetches it from the committed offset.
  if (batch.generationId === member.readyGeneration) await handleBatch.call(this, batch);
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
