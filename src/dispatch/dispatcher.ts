import type { BufferPool } from "../core/buffer-pool.ts";
import { partitionKey, type RawBatch } from "../core/raw-batch.ts";
import { Accumulator, type Cut, type CutLimits } from "./accumulator.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** How often open accumulators are looked at, as a part of the cut interval: a range is at most this much late. */
const CHECKS_PER_INTERVAL = 10;
const CHECK_MS_MIN = 5;

export interface Dispatcher {
  /** Takes a batch from the source. May cut at once when a size limit is met. */
  accept(batch: RawBatch): void;
  /** Keeps only these partitions; what was collected for others is dropped, uncommitted. */
  retain(partitions: { topic: string; partition: number }[]): void;
  /** Sets where a partition continues. */
  startAt(topic: string, partition: number, offset: number): void;
  /** There may be room again: cuts what is due. */
  cutDue(): void;
  /** Cuts everything that is collected. */
  cutAll(): void;
  stop(): void;
}

/**
 * Collects raw batches by topic-partition, in memory of `buffers`, and hands on a `Cut` whenever a limit is met. Cuts of one partition come in
 * offset order.
 *
 * Age cuts only while `hasRoom()`: when workers and inserts are busy, a cut would only wait behind them, and ClickHouse
 * pays for every insert. Waiting here instead lets the range grow, so that inserts get larger as the load does. The
 * oldest range goes first; size limits cut in any case.
 */
export function createDispatcher(
  limits: CutLimits,
  budget: ByteBudget,
  buffers: BufferPool,
  hasRoom: () => boolean,
  onCut: (cut: Cut) => void,
): Dispatcher {
  const accumulators = new Map<string, Accumulator>();
  const timer = setInterval(cutDue, Math.max(CHECK_MS_MIN, limits.intervalMs / CHECKS_PER_INTERVAL));

  function accumulatorFor(topic: string, partition: number): Accumulator {
    const key = partitionKey(topic, partition);
    let accumulator = accumulators.get(key);
    if (accumulator === undefined) {
      accumulator = new Accumulator(topic, partition, buffers);
      accumulators.set(key, accumulator);
    }
    return accumulator;
  }

  function handOn(accumulator: Accumulator): void {
    const cut = accumulator.cut();
    if (cut !== undefined) onCut(cut);
  }

  function cutDue(): void {
    if (!hasRoom()) return;
    const nowMs = Date.now();
    const due = [...accumulators.values()].filter((accumulator) => accumulator.isOld(limits, nowMs));
    due.sort((a, b) => a.openedMs - b.openedMs);
    for (const accumulator of due) {
      if (!hasRoom()) return;
      handOn(accumulator);
    }
  }

  return {
    accept(batch) {
      const accumulator = accumulatorFor(batch.topic, batch.partition);
      const taken = accumulator.add(batch);
      if (taken === 0) return;
      if (accumulator.isFull(limits)) handOn(accumulator);
      // After the cut: pausing is for what waits, and the cut already counts as taken.
      budget.take(taken);
    },
    retain(partitions) {
      const kept = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
      for (const [key, accumulator] of accumulators) {
        if (kept.has(key)) continue;
        budget.give(accumulator.byteLength);
        for (const buffer of accumulator.cut()?.buffers ?? []) buffers.give(buffer);
        accumulators.delete(key);
      }
    },
    startAt(topic, partition, offset) {
      accumulatorFor(topic, partition).startAt(offset);
    },
    cutDue,
    cutAll() {
      for (const accumulator of accumulators.values()) handOn(accumulator);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
