import type { OffsetRun } from "../../core/offset-run.ts";
import { type PartitionRange, partitionKey } from "../../core/topic-partition.ts";
import type { RawRange } from "../dispatch/raw-bundle.ts";
import type { StoredRun } from "../sink/sink.ts";
import type { RangeGap } from "./gap-store.ts";

/** What the ranges have lost, each from its first lost offset to its last. Of a deleted topic nobody misses anything. */
export function lossesOf(ranges: readonly RawRange[]): RangeGap[] {
  return ranges.flatMap(({ topic, partition, lost = [], isGone }) =>
    isGone === true ? [] : gapOf({ topic, partition }, [...lost]),
  );
}

/** The losses without the offsets that a table has: those were stored before their records went. */
export function withoutStored(losses: readonly RangeGap[], stored: readonly StoredRun[]): RangeGap[] {
  const byPartition = Map.groupBy(stored, partitionKey);
  return losses.flatMap((loss) => {
    const held = (byPartition.get(partitionKey(loss)) ?? []).sort((a, b) => a.first - b.first);
    return gapOf(
      loss,
      loss.runs.flatMap((run) => remainder(run, held)),
    );
  });
}

/** Its runs, each as a range. */
export function asRanges({ topic, partition, runs }: RangeGap): PartitionRange[] {
  return runs.map(({ first, last }) => ({ topic, partition, firstOffset: first, lastOffset: last }));
}

function gapOf({ topic, partition }: Pick<RangeGap, "topic" | "partition">, runs: OffsetRun[]): RangeGap[] {
  if (runs.length === 0) return [];
  return [{ topic, partition, firstOffset: runs[0]!.first, lastOffset: runs.at(-1)!.last, runs }];
}

/** `held`: ascending by `first`; they may overlap. */
function remainder({ first, last }: OffsetRun, held: readonly OffsetRun[]): OffsetRun[] {
  const left: OffsetRun[] = [];
  let next = first;
  for (const run of held) {
    if (run.first > last) break;
    if (run.first > next) left.push({ first: next, last: run.first - 1 });
    next = Math.max(next, run.last + 1);
  }
  if (next <= last) left.push({ first: next, last });
  return left;
}
