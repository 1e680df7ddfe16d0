import type { TopicPartition } from "../../src/core/topic-partition.ts";
/** One partition's part of the load: a batch every `periodMs`, each holding what happened in its window. */
export interface ReplayLane extends TopicPartition {
  recordsPerBatch: number;
  periodMs: number;
  /** Start of the window of the next batch. Moves by the period, whatever the sender does: the loop is open. */
  windowStartMs: number;
  /** Index of the next prepared batch. */
  next: number;
}

export interface LaneShape {
  topic: string;
  partitions: number;
  /** Of all events. */
  share: number;
}

/** How long events wait for company in the producer: the batch of a window leaves at the window's end. */
const LINGER_MS = 20;
/** Keeps batches below a broker's default of 1 MiB: 340 bytes an event, even when nothing is compressed. */
const RECORDS_PER_BATCH_MAX = 2_500;

/** Records in each batch of a topic's partitions at this rate: as many as come in the linger time, at least one. */
export function recordsPerBatch(shape: LaneShape, eventsPerSecond: number): number {
  const perSecond = (eventsPerSecond * shape.share) / shape.partitions;
  return Math.min(RECORDS_PER_BATCH_MAX, Math.max(1, Math.round((perSecond * LINGER_MS) / 1_000)));
}

/** Lanes whose batches leave one after another instead of all at once. The rate is exact: the period gives way. */
export function openLanes(shapes: readonly LaneShape[], eventsPerSecond: number, startMs: number): ReplayLane[] {
  const laneCount = shapes.reduce((sum, { partitions }) => sum + partitions, 0);
  let index = 0;
  return shapes.flatMap((shape) =>
    Array.from({ length: shape.partitions }, (_, partition) => {
      const perMs = (eventsPerSecond * shape.share) / shape.partitions / 1_000;
      const records = recordsPerBatch(shape, eventsPerSecond);
      const periodMs = records / perMs;
      const windowStartMs = startMs + (index++ / laneCount) * periodMs;
      return { topic: shape.topic, partition, recordsPerBatch: records, periodMs, windowStartMs, next: 0 };
    }),
  );
}

/** One batch that is due: its events happened from `fromMs` on, one every `stepMs`, and it was to leave at `dueMs`. */
export interface DueBatch {
  lane: ReplayLane;
  fromMs: number;
  stepMs: number;
  dueMs: number;
}

/** Batches whose window has ended by `nowMs`; none whose window reaches beyond `endMs`. */
export function takeDue(lanes: readonly ReplayLane[], nowMs: number, endMs: number): DueBatch[] {
  const due: DueBatch[] = [];
  for (const lane of lanes) {
    for (;;) {
      const dueMs = lane.windowStartMs + lane.periodMs;
      if (dueMs > nowMs || dueMs > endMs) break;
      due.push({ lane, fromMs: lane.windowStartMs, stepMs: lane.periodMs / lane.recordsPerBatch, dueMs });
      lane.windowStartMs = dueMs;
    }
  }
  return due;
}
