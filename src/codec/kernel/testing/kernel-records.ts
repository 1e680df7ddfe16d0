import { CodecError } from "../../codec-error.ts";
import { nextRecord, openRecords, RecordCursor } from "../../records.ts";
import type { BatchHeader } from "../../records-header.ts";
import { KernelMemory } from "./kernel-memory.ts";

/** A record as both walks tell it: places are offsets in the batch's records, −1 = null. */
export interface WalkedRecord {
  offset: number;
  timestampMs: number;
  key: [number, number] | -1;
  value: [number, number] | -1;
}

export interface Walk {
  records: WalkedRecord[];
  isCorrupt: boolean;
  /** The last good record's offset, as the cursor names it in the end. */
  lastOffset: number;
}

/** The kernel's walk over the records of one batch. */
export class KernelRecords {
  readonly #memory: KernelMemory;

  static async create(): Promise<KernelRecords> {
    return new KernelRecords(await KernelMemory.create("records.ts"));
  }

  private constructor(memory: KernelMemory) {
    this.#memory = memory;
    memory.allocateInput(1 << 18);
  }

  walk(records: Uint8Array, header: BatchHeader): Walk {
    const { start, end } = this.#memory.place(records);
    const open = this.#memory.exports.openRecords as (...words: (number | bigint)[]) => void;
    const next = this.#memory.exports.nextRecord as () => number;
    const { recordCount, baseOffset, lastOffset, baseTimestampMs, maxTimestampMs, isLogAppendTime } = header;
    const longs = [baseOffset, lastOffset, baseTimestampMs, maxTimestampMs].map(BigInt);
    open(start, end, recordCount, ...longs, isLogAppendTime ? 1 : 0);
    const walked: WalkedRecord[] = [];
    let outcome = next();
    for (; outcome === 1; outcome = next()) {
      walked.push({
        offset: this.#number("recordOffset"),
        timestampMs: this.#number("timestampMs"),
        key: this.#place("key", start),
        value: this.#place("value", start),
      });
    }
    return { records: walked, isCorrupt: outcome === -1, lastOffset: this.#number("recordOffset") };
  }

  #place(name: string, start: number): [number, number] | -1 {
    const from = this.#number(`${name}Start`);
    return from === 0 ? -1 : [from - start, this.#number(`${name}End`) - start];
  }

  #number(name: string): number {
    return Number((this.#memory.exports[name] as WebAssembly.Global).value);
  }
}

/** The same by src/codec/records.ts. */
export function walkByReference(records: Uint8Array, header: BatchHeader): Walk {
  const cursor = new RecordCursor();
  openRecords(cursor, header, records);
  const walked: WalkedRecord[] = [];
  let isCorrupt = false;
  try {
    while (nextRecord(cursor)) {
      walked.push({
        offset: cursor.recordOffset,
        timestampMs: cursor.timestampMs,
        key: cursor.keyStart === -1 ? -1 : [cursor.keyStart, cursor.keyEnd],
        value: cursor.valueStart === -1 ? -1 : [cursor.valueStart, cursor.valueEnd],
      });
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    isCorrupt = true;
  }
  return { records: walked, isCorrupt, lastOffset: cursor.recordOffset };
}
