import type { Random } from "../../../simulator/random.ts";
import type { FetchedBatch } from "../../source/fetched-batch.ts";

const BATCHES = 60;

interface LogBatch {
  first: number;
  last: number;
  isAborted: boolean;
  byteLength: number;
}

/** With holes, batches of taken back transactions, and now and then one above the limits. */
function makeLog(random: Random): LogBatch[] {
  let next = random.between(0, 5);
  return Array.from({ length: BATCHES }, (_, index) => {
    const first = next;
    const last = first + random.between(0, 5);
    next = last + 1 + (random.fraction() < 0.2 ? random.between(1, 4) : 0);
    const byteLength = random.fraction() < 0.1 ? 500 : random.between(10, 80);
    return { first, last, isAborted: random.fraction() < 0.15 && index < BATCHES - 1, byteLength };
  });
}

export type AskedPartition = { partition: number; fetchOffset: string; maxBytes: number };

/** The logs of some partitions, read as brokers do, with a count of what was answered and given back. */
export class ReadLogs {
  readonly batches: readonly LogBatch[][];
  made = 0;
  released = 0;
  readonly #random: Random;

  constructor(random: Random, partitions: number) {
    this.#random = random;
    this.batches = Array.from({ length: partitions }, () => makeLog(random));
  }

  lastOffset(partition: number): number {
    return this.batches[partition]!.at(-1)!.last;
  }

  /** As a broker reads: the first batch of an answer whatever its size, and the batch before the offset now and then. */
  read(asked: readonly AskedPartition[], bytesMax: number) {
    const limit = { bytesLeft: bytesMax, isEmpty: true };
    return asked.map((one) => this.#readOne(one, limit));
  }

  #readOne({ partition, fetchOffset, maxBytes }: AskedPartition, limit: { bytesLeft: number; isEmpty: boolean }) {
    const log = this.batches[partition]!;
    const end = log.at(-1)!.last + 1;
    const found = log.findIndex(({ last }) => last >= Number(fetchOffset));
    let at = found < 0 ? log.length : found;
    if (at > 0 && this.#random.fraction() < 0.1) at -= 1;
    const messages: FetchedBatch[] = [];
    let bytesLeft = Math.min(maxBytes, limit.bytesLeft);
    for (const batch of log.slice(at)) {
      if (batch.byteLength > bytesLeft && !limit.isEmpty) break;
      limit.isEmpty = false;
      limit.bytesLeft -= batch.byteLength;
      bytesLeft -= batch.byteLength;
      messages.push(this.#fetched(batch));
      if (this.#random.fraction() < 0.1) break;
    }
    return { partition, messages, lastStableOffset: String(end) };
  }

  #fetched({ first, last, isAborted, byteLength }: LogBatch): FetchedBatch {
    let isReleased = false;
    this.made += 1;
    const release = () => {
      if (!isReleased) this.released += 1;
      isReleased = true;
    };
    const offsets = { firstOffset: first, lastOffset: last, recordCount: last - first + 1 };
    const bytes = Buffer.alloc(byteLength);
    return { ...offsets, bytes, isAborted, release, producerId: undefined, endsTransaction: undefined };
  }
}
