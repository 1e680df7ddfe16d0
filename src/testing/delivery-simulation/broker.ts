import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { Life, World } from "./world.ts";

export const SESSION_TIMEOUT_MS = 500;
export const HEARTBEAT_MS = 80;

/** A record batch in a log; offsets between two batches do not exist. */
export interface LogBatch {
  baseOffset: number;
  lastOffset: number;
}

export interface SimulatedLog {
  batches: LogBatch[];
  /** Next offset. */
  end: number;
}

interface Member {
  id: number;
  heardMs: number;
  /** Called with the assignment when the join of all is complete. */
  join: ((generation: number, partitions: number[]) => void) | undefined;
}

/** One topic and one consumer group, with the coordinator's rules for generations (Kafka's classic protocol). */
export class SimulatedBroker {
  readonly world: World;
  readonly logs: SimulatedLog[];
  readonly committed = new Map<number, { offset: number; metadata: string }>();
  generation = 0;
  commits = 0;
  readonly #members = new Map<number, Member>();
  #isRebalancing = false;
  #nextId = 1;

  constructor(world: World, partitions: number) {
    this.world = world;
    this.logs = Array.from({ length: partitions }, () => ({ batches: [], end: 0 }));
  }

  produce(partition: number): void {
    const { random } = this.world;
    const log = this.logs[partition]!;
    // Now and then offsets without a record: an aborted transaction, a compacted key.
    const baseOffset = log.end + (this.world.chance(0.1) ? random.between(1, 3) : 0);
    const lastOffset = baseOffset + random.between(0, 9);
    log.batches.push({ baseOffset, lastOffset });
    log.end = lastOffset + 1;
  }

  /** A member's id that is not in use. */
  register(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  /** Answers when all members have joined, or those that have not are taken for dead. */
  async join(life: Life, id: number): Promise<{ generation: number; partitions: number[] }> {
    await life.arrival(this.world.latencyMs());
    const answer = new Promise<{ generation: number; partitions: number[] }>((resolve) => {
      this.#members.set(id, {
        id,
        heardMs: this.world.nowMs,
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

  /** As Kafka: taken from members of this generation, even while the next is prepared. The answer may be lost. */
  async commit(life: Life, id: number, generation: number, offsets: CommitOffset[]): Promise<void> {
    const { world } = this;
    const isRequestLost = world.chance(0.02);
    const isAnswerLost = world.chance(0.02);
    const arrivesMs = world.latencyMs();
    let isStale = false;
    // The request goes its way whatever becomes of the process.
    const handled = new Promise<void>((resolve) => {
      world.after(arrivesMs, () => {
        isStale = generation !== this.generation || !this.#members.has(id);
        if (!isStale && !isRequestLost) {
          this.commits += 1;
          for (const { partition, offset, metadata } of offsets) this.committed.set(partition, { offset, metadata });
        }
        resolve();
      });
    });
    await handled;
    await life.arrival(world.latencyMs());
    if (isRequestLost || isAnswerLost) throw new Error("connection reset");
    if (isStale) throw new StaleOwner(`generation ${generation} is over`);
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
    const shift = this.world.random.between(0, 7);
    members.forEach((member, index) => {
      const partitions = [...this.logs.keys()].filter((partition) => (partition + shift) % members.length === index);
      const { join } = member;
      member.join = undefined;
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
