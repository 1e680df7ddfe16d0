import { lagOf, type PartitionOffsets } from "../../../clients/kafka/offsets.ts";

/** A look at the group, ms since 1970. */
export interface LagSample {
  atMs: number;
  lag: number;
}

interface Waiting {
  committed: number;
  sinceMs: number;
}

/** What the committed offsets of a group, looked at again and again, say of its standstills. */
export class LagFigures {
  readonly samples: LagSample[] = [];
  /** The longest time without a commit that moved anything while there were records, ms. */
  standstillMs = 0;
  /** The longest time in which one partition had records and its offset did not move, and which it was. */
  partitionStandstill = { ms: 0, partition: "" };
  readonly #waiting = new Map<string, Waiting>();
  #all: Waiting | undefined;

  note(offsets: readonly PartitionOffsets[], atMs: number): void {
    const lag = offsets.reduce((sum, partition) => sum + lagOf(partition), 0);
    const committed = offsets.reduce((sum, partition) => sum + (partition.committed ?? 0), 0);
    this.samples.push({ atMs, lag });
    if (lag === 0) this.#all = undefined;
    else if (this.#all?.committed !== committed) this.#all = { committed, sinceMs: atMs };
    else this.standstillMs = Math.max(this.standstillMs, atMs - this.#all.sinceMs);
    for (const partition of offsets) this.#notePartition(partition, atMs);
  }

  #notePartition(partition: PartitionOffsets, atMs: number): void {
    const key = `${partition.topic}:${partition.partition}`;
    const committed = partition.committed ?? 0;
    const since = this.#waiting.get(key);
    if (lagOf(partition) === 0) this.#waiting.delete(key);
    else if (since?.committed !== committed) this.#waiting.set(key, { committed, sinceMs: atMs });
    else if (atMs - since.sinceMs > this.partitionStandstill.ms) {
      this.partitionStandstill = { ms: atMs - since.sinceMs, partition: key };
    }
  }
}
