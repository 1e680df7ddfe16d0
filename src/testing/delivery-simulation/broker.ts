import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { CommitStore } from "./commit-store.ts";
import type { Life, World } from "./world.ts";

export const SESSION_TIMEOUT_MS = 500;
export const HEARTBEAT_MS = 80;

/** How much later than usual a commit comes whose sender has lost the connection. */
const LATE_MS = [50, 900] as const;

/** Nobody knows whether a commit has come, or will. */
export class Unanswered extends Error {}

/** A record batch in a log; offsets between two batches do not exist. */
export interface LogBatch {
  baseOffset: number;
  lastOffset: number;
  /** Nobody can read it any more: whether its records are in the table is chance. */
  isGone: boolean;
}

export interface SimulatedLog {
  batches: LogBatch[];
  /** Next offset. */
  end: number;
  /** The topic was deleted: nobody owns it, and no commit is taken for it. */
  isDeleted: boolean;
}

interface Member {
  id: number;
  heardMs: number;
  /** What it says of itself. */
  said: number;
  assigned: number[];
  /** Called with the assignment when the join of all is complete. */
  join: ((generation: number, partitions: number[]) => void) | undefined;
}

/** One topic and one consumer group, with the coordinator's rules for generations (Kafka's classic protocol). */
export class SimulatedBroker {
  readonly world: World;
  readonly logs: SimulatedLog[];
  readonly committed: CommitStore;
  generation = 0;
  commits = 0;
  /** Joins that were given the generation that the member had. */
  sameGenerations = 0;
  /** Commits that came after their sender had lost the connection. */
  lateCommits = 0;
  readonly #members = new Map<number, Member>();
  #isRebalancing = false;
  #nextId = 1;

  constructor(world: World, partitions: number, committed: CommitStore) {
    this.world = world;
    this.committed = committed;
    this.logs = Array.from({ length: partitions }, () => ({ batches: [], end: 0, isDeleted: false }));
  }

  produce(partition: number): void {
    const { random } = this.world;
    const log = this.logs[partition]!;
    if (log.isDeleted) return;
    // Now and then offsets without a record: an aborted transaction, a compacted key.
    const baseOffset = log.end + (this.world.chance(0.1) ? random.between(1, 3) : 0);
    const lastOffset = baseOffset + random.between(0, 9);
    log.batches.push({ baseOffset, lastOffset, isGone: false });
    log.end = lastOffset + 1;
  }

  /** Each partition is a topic of its own here. Members find it out by themselves, a little later. */
  deleteTopic(partition: number): void {
    const log = this.logs[partition]!;
    log.isDeleted = true;
    for (const batch of log.batches) batch.isGone = true;
    this.committed.delete(partition);
  }

  /** Retention takes what is older than a point somewhere after the committed offset. */
  expireRecords(partition: number): void {
    const { batches } = this.logs[partition]!;
    const committed = this.committed.get(partition)?.offset ?? 0;
    const unread = batches.filter(({ lastOffset, isGone }) => !isGone && lastOffset >= committed);
    for (const batch of unread.slice(0, this.world.random.between(1, 2))) batch.isGone = true;
  }

  /** Where the log begins, as far as anybody has yet to read it. */
  logStart(partition: number): number {
    const { batches } = this.logs[partition]!;
    const kept = batches.findLastIndex(({ isGone }) => isGone);
    return kept === -1 ? 0 : batches[kept]!.lastOffset + 1;
  }

  /** Whether the group has committed all that there is to read. */
  get isRead(): boolean {
    return this.logs.every(({ batches, isDeleted }, partition) => {
      const committed = this.committed.get(partition)?.offset ?? 0;
      return isDeleted || batches.every(({ lastOffset, isGone }) => isGone || lastOffset < committed);
    });
  }

  /** A member's id that is not in use. */
  register(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  /**
   * Answers when all members have joined, or those that have not are taken for dead. As Kafka: a group that stands still goes
   * on in its generation when a member that does not lead it says what it said before.
   */
  async join(life: Life, id: number, said: number): Promise<{ generation: number; partitions: number[] }> {
    await life.arrival(this.world.latencyMs());
    const known = this.#members.get(id);
    const [leader] = this.#members.values();
    if (known !== undefined && known !== leader && known.said === said && !this.#isRebalancing) {
      known.heardMs = this.world.nowMs;
      this.sameGenerations += 1;
      const { generation } = this;
      await life.arrival(this.world.latencyMs());
      return { generation, partitions: known.assigned };
    }
    const answer = new Promise<{ generation: number; partitions: number[] }>((resolve) => {
      this.#members.set(id, {
        ...{ id, said, assigned: [], heardMs: this.world.nowMs },
        join: (generation, partitions) => life.after(this.world.latencyMs(), () => resolve({ generation, partitions })),
      });
    });
    this.#rebalance();
    return answer;
  }

  leave(id: number): void {
    if (this.#members.delete(id)) this.#rebalance();
  }

  /** "rejoin": the group is rebalancing, or does not know the member of this generation. */
  async heartbeat(life: Life, id: number, generation: number): Promise<"ok" | "rejoin"> {
    await life.arrival(this.world.latencyMs());
    const member = this.#members.get(id);
    if (member === undefined || generation !== this.generation) return "rejoin";
    member.heardMs = this.world.nowMs;
    const answer = this.#isRebalancing ? "rejoin" : "ok";
    await life.arrival(this.world.latencyMs());
    return answer;
  }

  /**
   * As Kafka: taken from members of this generation, even while the next is prepared.
   *
   * The connection may break before the request has come, on its way, or before the answer has: the sender cannot tell. What
   * was on its way may come long after (a proxy, a broker that stands still).
   *
   * Returns the partitions that it does not know.
   *
   * @throws Unanswered, or StaleOwner when the commit was refused.
   */
  async commit(life: Life, id: number, generation: number, offsets: CommitOffset[]): Promise<CommitOffset[]> {
    const { world } = this;
    const fate = world.random.fraction();
    const [isLost, isLate, isAnswerLost] = [fate < 0.02, fate >= 0.02 && fate < 0.04, fate >= 0.04 && fate < 0.06];
    let isStale = false;
    const unknown: CommitOffset[] = [];
    const take = () => {
      isStale = generation !== this.generation || !this.#members.has(id);
      if (isStale) return;
      this.commits += 1;
      if (isLate) this.lateCommits += 1;
      for (const at of offsets) {
        if (this.logs[at.partition]!.isDeleted || this.committed.isLost(at.partition)) unknown.push(at);
        else this.committed.set(at.partition, { offset: at.offset, metadata: at.metadata });
      }
    };
    // The request goes its way whatever becomes of the process.
    const handled = new Promise<void>((resolve) => {
      world.after(world.latencyMs(), () => {
        if (isLate) world.after(world.random.between(...LATE_MS), take);
        else if (!isLost) take();
        resolve();
      });
    });
    await handled;
    await life.arrival(world.latencyMs());
    if (isLost || isLate || isAnswerLost) throw new Unanswered("connection reset");
    if (isStale) throw new StaleOwner(`generation ${generation} is over`);
    return unknown;
  }

  #rebalance(): void {
    if (this.#isRebalancing) {
      this.#completeWhenAllJoined();
      return;
    }
    this.#isRebalancing = true;
    this.#completeWhenAllJoined();
    this.#expire();
  }

  /** Members that do not join in time, or do not send a heartbeat, are dropped. */
  #expire(): void {
    this.world.after(HEARTBEAT_MS, () => {
      if (!this.#isRebalancing) return;
      for (const [id, { heardMs, join }] of this.#members) {
        if (join === undefined && this.world.nowMs - heardMs > SESSION_TIMEOUT_MS) this.#members.delete(id);
      }
      this.#completeWhenAllJoined();
      if (this.#isRebalancing) this.#expire();
    });
  }

  #completeWhenAllJoined(): void {
    const members = [...this.#members.values()];
    if (members.some(({ join }) => join === undefined)) return;
    this.#isRebalancing = false;
    this.generation += 1;
    this.committed.generationBegins(this.logs.length);
    const shift = this.world.random.between(0, 7);
    members.forEach((member, index) => {
      const partitions = [...this.logs.keys()].filter(
        (partition) => (partition + shift) % members.length === index && !this.logs[partition]!.isDeleted,
      );
      const { join } = member;
      member.join = undefined;
      member.assigned = partitions;
      member.heardMs = this.world.nowMs;
      join!(this.generation, partitions);
    });
  }

  /** Watches for members that fell silent between rebalances. */
  watch(): void {
    this.world.after(HEARTBEAT_MS, () => {
      for (const [id, { heardMs }] of this.#members) {
        if (this.#isRebalancing || this.world.nowMs - heardMs <= SESSION_TIMEOUT_MS) continue;
        this.#members.delete(id);
        this.#rebalance();
      }
      this.watch();
    });
  }
}

/** Each partition is a topic of its own, so that one can be deleted. */
export function topicOf(partition: number): string {
  return `t${partition}`;
}
