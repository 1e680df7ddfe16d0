import type { RawBatch } from "../../core/raw-batch.ts";
import type { PartitionRange } from "../../core/topic-partition.ts";

/**
 * Whether records are missing that no transaction explains, as compaction leaves it: a batch with fewer records than offsets,
 * or offsets without a batch. Markers of transactions have batches, and so have those that were taken back, without bytes.
 *
 * @param batches what was read of the range
 */
export function hasHoles({ lastOffset }: Pick<PartitionRange, "lastOffset">, batches: readonly RawBatch[]): boolean {
  const isWhole = batches.every((batch) => {
    const isFull = batch.bytes.length === 0 || batch.recordCount === batch.lastOffset - batch.baseOffset + 1;
    return isFull && batch.baseOffset <= batch.fetchOffset;
  });
  return !isWhole || (batches.at(-1)?.lastOffset ?? -1) < lastOffset;
}
