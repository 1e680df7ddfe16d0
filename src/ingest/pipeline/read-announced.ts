import type { BufferPool } from "../../core/buffer-pool.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import { BatchBuffers } from "../dispatch/batch-buffers.ts";
import type { ByteBudget } from "../dispatch/byte-budget.ts";
import type { RawBundle, RawRange } from "../dispatch/raw-bundle.ts";
import { hasHoles } from "../source/range-holes.ts";
import type { RangeRead, RangeReader } from "../source/range-reader.ts";
import type { AnnouncedRange } from "./recovery-plan.ts";

/** Partitions that are asked at once. */
const READS_AT_ONCE = 8;

export interface AnnouncedBundles {
  /**
   * Reads the ranges of one bundle from their brokers. The bytes count in the budget, and it is the caller's to give them
   * back.
   *
   * @throws the signal's reason when it aborts. What no repeat can help. Nothing is held then.
   */
  read(signal: AbortSignal, planKey: string, ranges: readonly AnnouncedRange[]): Promise<RawBundle>;
}

export function readAnnounced(reader: RangeReader, budget: ByteBudget, buffers: BufferPool): AnnouncedBundles {
  return {
    async read(signal, planKey, ranges) {
      const into = new BatchBuffers(buffers);
      const read: RawRange[] = [];
      let byteLength = 0;
      let recordCount = 0;
      const left = [...ranges.entries()];
      const failing = new AbortController();
      const either = AbortSignal.any([signal, failing.signal]);
      const readNext = async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          either.throwIfAborted();
          const [index, range] = next;
          const { topic, partition, firstOffset, lastOffset } = range;
          const found = await reader.read(range, either);
          const { batches } = found;
          const placed = batches
            .filter(({ bytes }) => bytes.length > 0)
            .map(({ bytes, ...batch }) => {
              byteLength += bytes.length;
              recordCount += batch.recordCount;
              budget.take(bytes.length);
              const { recordCount: count, receivedMs } = batch;
              return { ...into.copy(bytes), byteLength: bytes.length, recordCount: count, receivedMs };
            });
          const about = { lost: lostRuns(range, found), hasHoles: hasHoles(range, batches) };
          const isGone = found.isGone === true ? { isGone: true as const } : {};
          read[index] = { topic, partition, firstOffset, lastOffset, batches: placed, ...about, ...isGone };
        }
      };
      const reading = Array.from({ length: Math.min(READS_AT_ONCE, ranges.length) }, readNext);
      try {
        await Promise.all(reading);
      } catch (error) {
        failing.abort(error);
        // Those beside it take bytes until they have ended.
        await Promise.allSettled(reading);
        budget.give(byteLength);
        into.clear();
        throw error;
      }
      return { planKey, ranges: read, buffers: into.take(), byteLength, recordCount, judgedMs: ranges[0]!.judgedMs };
    },
  };
}

/**
 * Offsets that retention took before they were read: before the first batch, or behind one, when it came on between two
 * fetches. A batch of which it has taken a part is there as a whole.
 */
function lostRuns(
  { firstOffset, lastOffset }: AnnouncedRange,
  { batches, lostBefore = 0, isGone }: RangeRead,
): OffsetRun[] {
  const end = isGone === true ? lastOffset + 1 : Math.min(lostBefore, lastOffset + 1);
  const runs: OffsetRun[] = [];
  let next = firstOffset;
  for (const batch of batches) {
    const found = Math.min(batch.fetchOffset, batch.baseOffset, end);
    if (next < found) runs.push({ first: next, last: found - 1 });
    next = batch.lastOffset + 1;
  }
  if (next < end) runs.push({ first: next, last: end - 1 });
  return runs;
}
