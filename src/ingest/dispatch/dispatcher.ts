import type { BufferPool } from "../../core/buffer-pool.ts";
import type { Clock } from "../../core/clock.ts";
import type { AssignedPartition } from "../../core/partition-offsets.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { Accumulator, type CutLimits, type RawRange } from "./accumulator.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** How often open accumulators are looked at, as a part of the cut interval: a range is at most this much late. */
const CHECKS_PER_INTERVAL = 10;
const CHECK_MS_MIN = 5;

export interface DispatcherOptions {
  limits: CutLimits;
  budget: ByteBudget;
  /** Batches are collected in its memory. */
  buffers: BufferPool;
  /** What ages are measured with. */
  clock: Clock;
  /** The wall clock, ms since 1970: what lateness is judged by. */
  wallMs(): number;
  /** Whether a range of this topic that is cut now would go on at once. */
  hasRoom(topic: string): boolean;
  /** Whether anything is under way whose end will give bytes back. */
  isBusy(): boolean;
  onCut(range: RawRange): void;
  /**
   * Intake is paused, nothing is under way, and nothing can be cut: ranges that an earlier owner has announced wait for
   * the rest of their records, and hold the whole budget. Only this partition is to be fetched now.
   */
  onStarved(partition: TopicPartition): void;
}

export interface Dispatcher {
  /**
   * Takes a batch from the source; may cut at once when a limit is met. Returns undefined, or the offset to fetch from
   * when the batch lies beyond the next one and was not taken. A batch of a partition that is not assigned is dropped.
   */
  accept(batch: RawBatch): number | undefined;
  /** The log has lost its records before `offset`: the next range begins there. */
  loseTo(at: TopicPartition, offset: number): void;
  /** Begins anew with these partitions. What was collected before is dropped. */
  assign(partitions: readonly AssignedPartition[]): void;
  /** Drops what is collected of these topics, and takes no more of them until the next assignment. */
  dropTopics(topics: readonly string[]): void;
  /** There may be room again: cuts what is due. */
  cutDue(): void;
  /** Cuts everything that is collected, but for announced ranges that are not complete. */
  cutAll(): void;
  /** Cuts and accepts nothing any more, and drops what is collected. */
  stop(): void;
}

/**
 * Collects raw batches by topic-partition and cuts a range whenever a limit is met. Ranges of one partition come in
 * offset order.
 *
 * Age cuts only while the topic `hasRoom()`: when workers and inserts are busy, a range would only wait for them,
 * and ClickHouse pays for every insert. Waiting here instead lets the range grow, so that inserts get larger as the
 * load does. The oldest range goes first; size limits cut in any case.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { limits, budget, buffers, clock, hasRoom } = options;
  const accumulators = new Map<string, Accumulator>();
  const checkMs = Math.max(CHECK_MS_MIN, limits.intervalMs / CHECKS_PER_INTERVAL);
  let cancelCheck = clock.after(checkMs, check);

  function check(): void {
    cancelCheck = clock.after(checkMs, check);
    cutDue();
    if (budget.paused && !options.isBusy()) breakStarvation();
  }

  function breakStarvation(): void {
    for (const accumulator of accumulators.values()) {
      if (accumulator.announcedCount === 0) continue;
      options.onStarved({ topic: accumulator.topic, partition: accumulator.partition });
      return;
    }
  }

  function handOn(accumulator: Accumulator): void {
    const range = accumulator.cut(options.wallMs());
    if (range !== undefined) options.onCut(range);
  }

  function cutDue(): void {
    const nowMs = clock.nowMs();
    const due = [...accumulators.values()].filter((accumulator) => accumulator.isOld(limits, nowMs));
    due.sort((a, b) => a.openedMs - b.openedMs);
    for (const accumulator of due) {
      if (hasRoom(accumulator.topic)) handOn(accumulator);
    }
  }

  function drop(): void {
    for (const accumulator of accumulators.values()) {
      budget.give(accumulator.byteLength);
      accumulator.clear();
    }
    accumulators.clear();
  }

  return {
    accept(batch) {
      const accumulator = accumulators.get(partitionKey(batch));
      if (accumulator === undefined) return undefined;
      if (accumulator.isAhead(batch)) return accumulator.nextOffset;
      while (accumulator.reaches(batch)) {
        const taken = accumulator.add(batch, clock.nowMs());
        if (accumulator.isAnnouncedComplete || accumulator.isFull(limits)) handOn(accumulator);
        // After the cut: pausing is for what waits, and the range already counts as taken.
        if (taken > 0) budget.take(taken);
      }
      return undefined;
    },
    loseTo(at, offset) {
      const accumulator = accumulators.get(partitionKey(at));
      if (accumulator === undefined) return;
      handOn(accumulator);
      accumulator.loseTo(offset);
      while (accumulator.isAnnouncedComplete) handOn(accumulator);
    },
    assign(partitions) {
      drop();
      for (const start of partitions) {
        accumulators.set(partitionKey(start), new Accumulator(start, buffers));
      }
    },
    dropTopics(topics) {
      for (const [key, accumulator] of accumulators) {
        if (!topics.includes(accumulator.topic)) continue;
        budget.give(accumulator.byteLength);
        accumulator.clear();
        accumulators.delete(key);
      }
    },
    cutDue,
    cutAll() {
      for (const accumulator of accumulators.values()) handOn(accumulator);
    },
    stop() {
      cancelCheck();
      drop();
    },
  };
}
