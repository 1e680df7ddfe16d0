import { type PartitionRange, partitionKey } from "../../core/topic-partition.ts";

/**
 * Since when ranges are known to be out of their bundles (rule 3), so that each rebalance of others does not let them wait
 * anew: with one every two minutes they would wait for ever.
 *
 * That a range is out stays true. What else may be under way is an insert of an owner who stores it alone. So it is known from
 * one generation to the next only where this process has had the range in both, and has not begun to store it: then nobody has
 * in between.
 */
export class Settling {
  #sinceMs = new Map<string, number>();
  #generation = 0;

  /** A generation begins, in which these own ranges are out of their bundles, as their commits say. */
  begin(generation: number, ranges: readonly PartitionRange[], nowMs: number): void {
    const before = generation === this.#generation + 1 ? this.#sinceMs : new Map<string, number>();
    this.#sinceMs = new Map(ranges.map(keyOf).map((key) => [key, before.get(key) ?? nowMs]));
    this.#generation = generation;
  }

  /** Since when all of these are out; those that are not known to be since before are since now. */
  sinceMs(ranges: readonly PartitionRange[], nowMs: number): number {
    for (const key of ranges.map(keyOf)) if (!this.#sinceMs.has(key)) this.#sinceMs.set(key, nowMs);
    return Math.max(...ranges.map((range) => this.#sinceMs.get(keyOf(range))!));
  }

  /** From now on an insert of it may be under way: whoever has it in the next generation waits anew. */
  began(range: PartitionRange): void {
    this.#sinceMs.delete(keyOf(range));
  }
}

function keyOf(range: PartitionRange): string {
  return `${partitionKey(range)}:${range.firstOffset}-${range.lastOffset}`;
}
