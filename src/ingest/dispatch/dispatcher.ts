import type { BufferPool } from "../../core/buffer-pool.ts";
import type { Clock } from "../../core/clock.ts";
import { flushTickOf, nextTickMs } from "../../core/flush-tick.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { BundleCollector, type CutLimits } from "./bundle-collector.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { CutTimer } from "./cut-timer.ts";
import type { RawBundle } from "./raw-bundle.ts";

export interface DispatcherOptions {
  limits: CutLimits;
  budget: ByteBudget;
  /** Batches are collected in its memory. */
  buffers: BufferPool;
  /** What ages are measured with. */
  clock: Clock;
  /** The wall clock, ms since 1970: what lateness is judged by. */
  wallMs(): number;
  /** Key of the plan that reads the topic. */
  planKeyOf(topic: string): string;
  /** Whether a bundle of this plan that is cut now would go on at once. */
  hasRoom(planKey: string): boolean;
  onCut(bundle: RawBundle): void;
}

export interface Dispatcher {
  /**
   * Takes a batch from the source; may cut at once when a limit is met. Returns undefined, or the offset to fetch from
   * when the batch lies beyond the next one and was not taken. A batch of a partition that is not assigned is dropped.
   */
  accept(batch: RawBatch): number | undefined;
  /** The log has lost its records before `offset`: the partition's next range begins there. */
  loseTo(at: TopicPartition, offset: number): void;
  /** Begins anew with these partitions, each at its offset. What was collected before is dropped. */
  assign(partitions: readonly (TopicPartition & { offset: number })[]): void;
  /** Drops what is collected for the plan, and takes no more of it until the next assignment. */
  dropPlan(planKey: string): void;
  /** There may be room again: cuts what is due. */
  cutDue(): void;
  /**
   * All that Kafka had was accepted: makes everything due, younger though it be, and cuts it. What was cut in this tick of
   * the interval already is due in the next, when the brokers have answered, `answersWithinMs` after its beginning: its
   * records have waited in Kafka before.
   */
  cutCaughtUp(answersWithinMs: number): void;
  /** Cuts everything that is collected. */
  cutAll(): void;
  /** Cuts and accepts nothing any more, and drops what is collected. */
  stop(): void;
}

/**
 * Collects raw batches by pipeline, from all its partitions, and cuts them into a bundle whenever a limit is met. Ranges
 * of one partition come in offset order.
 *
 * Under a light load a bundle is cut as soon as all that Kafka had is in it, once a tick at most (flush-tick.ts): its
 * records have waited there. Under a heavier one its age is that of its oldest record here. Either cuts only while the
 * pipeline `hasRoom()`: when workers and inserts are busy, a bundle would only wait for them, and ClickHouse pays for every
 * insert. Waiting here instead lets the bundle grow, so that inserts get larger as the load does. The oldest goes first;
 * size limits cut in any case.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { limits, budget, buffers, clock, hasRoom, planKeyOf } = options;
  const { intervalMs } = limits;
  const collectors = new Map<string, BundleCollector>();
  const timer = new CutTimer({
    ...{ clock, intervalMs, onDue: cutDue },
    nextDueMs: () => Math.min(...[...collectors.values()].map(({ isEmpty, dueMs }) => (isEmpty ? Infinity : dueMs))),
  });

  function handOn(collector: BundleCollector): void {
    const bundle = collector.cut(options.wallMs(), clock.nowMs());
    if (bundle !== undefined) options.onCut(bundle);
  }

  function cutDue(): void {
    const nowMs = clock.nowMs();
    const due = [...collectors.values()].filter(({ isEmpty, dueMs }) => !isEmpty && dueMs <= nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs);
    for (const collector of due) {
      if (hasRoom(collector.planKey)) handOn(collector);
    }
  }

  function drop(collector: BundleCollector): void {
    budget.give(collector.byteLength);
    collector.clear();
  }

  return {
    accept(batch) {
      const collector = collectors.get(planKeyOf(batch.topic));
      if (collector === undefined) return undefined;
      const wasEmpty = collector.isEmpty;
      const accepted = collector.accept(batch, clock.nowMs() + intervalMs);
      if ("wantedOffset" in accepted) return accepted.wantedOffset;
      if (collector.isFull(limits)) handOn(collector);
      else if (wasEmpty && !collector.isEmpty) timer.set();
      // After the cut: pausing is for what waits, and the bundle already counts as taken.
      if (accepted.taken > 0) budget.take(accepted.taken);
      return undefined;
    },
    loseTo(at, offset) {
      const collector = collectors.get(planKeyOf(at.topic));
      if (collector === undefined) return;
      handOn(collector);
      collector.loseTo(at, offset);
    },
    assign(partitions) {
      for (const collector of collectors.values()) drop(collector);
      collectors.clear();
      for (const start of partitions) {
        const planKey = planKeyOf(start.topic);
        const collector = collectors.get(planKey) ?? new BundleCollector(planKey, buffers);
        collectors.set(planKey, collector);
        collector.begin(start);
      }
    },
    dropPlan(planKey) {
      const collector = collectors.get(planKey);
      if (collector === undefined) return;
      drop(collector);
      collectors.delete(planKey);
    },
    cutDue,
    cutCaughtUp(answersWithinMs) {
      const nowMs = clock.nowMs();
      for (const collector of collectors.values()) {
        const isNewTick = flushTickOf(nowMs, intervalMs) > flushTickOf(collector.cutMs, intervalMs);
        const dueMs = isNewTick ? nowMs : nextTickMs(nowMs, intervalMs) + answersWithinMs;
        collector.dueMs = Math.min(collector.dueMs, dueMs);
      }
      cutDue();
      timer.reset();
    },
    cutAll() {
      for (const collector of collectors.values()) handOn(collector);
    },
    stop() {
      timer.stop();
      for (const collector of collectors.values()) drop(collector);
      collectors.clear();
    },
  };
}
