import type { BufferPool } from "../../core/buffer-pool.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { BatchBuffers } from "../dispatch/batch-buffers.ts";
import type { ByteBudget } from "../dispatch/byte-budget.ts";
import type { RawBundle, RawRange } from "../dispatch/raw-bundle.ts";
import type { RangeRead, RangeReader } from "../source/range-reader.ts";
import type { AnnouncedRange } from "./recovery-plan.ts";

/** Partitions that are asked at once. */
const READS_AT_ONCE = 8;

export interface AnnouncedBundles {
  /**
   * Reads the ranges of one bundle from their brokers. The bytes count in the budget, and it is the caller's to give them
   * back. `ownKeys`: the partitions of which a loss of records is ours to tell.
   *
   * @throws the signal's reason when it aborts. What no repeat can help. Nothing is held then.
   */
  read(
    signal: AbortSignal,
    planKey: string,
    ranges: readonly AnnouncedRange[],
    ownKeys: ReadonlySet<string>,
  ): Promise<RawBundle>;
}

export function readAnnounced(
  reader: RangeReader,
  budget: ByteBudget,
  buffers: BufferPool,
  onLost: (range: AnnouncedRange, end: number) => void,
): AnnouncedBundles {
  return {
    async read(signal, planKey, ranges, ownKeys) {
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
          const lostBefore = lostEnd(range, found);
          const isLoss = found.isGone !== true && lostBefore > firstOffset;
          if (isLoss && ownKeys.has(partitionKey(range))) onLost(range, lostBefore);
          const placed = batches
            .filter(({ bytes }) => bytes.length > 0)
            .map(({ bytes, ...batch }) => {
              byteLength += bytes.length;
              recordCount += batch.recordCount;
              budget.take(bytes.length);
              const { recordCount: count, receivedMs } = batch;
              return { ...into.copy(bytes), byteLength: bytes.length, recordCount: count, receivedMs };
            });
          read[index] = { topic, partition, firstOffset, lastOffset, batches: placed, lostBefore };
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

/** The first offset that is not lost. A batch of which retention has taken a part is there as a whole. */
function lostEnd({ lastOffset }: AnnouncedRange, { batches, lostBefore = 0, isGone }: RangeRead): number {
  const whole = lastOffset + 1;
  return isGone === true ? whole : Math.min(lostBefore, batches[0]?.baseOffset ?? whole);
}
