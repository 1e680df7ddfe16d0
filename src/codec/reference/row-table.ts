import { ByteWriter } from "../../core/byte-writer.ts";
import type { EncodedRows } from "../task.ts";

/** Rows being written, with the place and the Kafka offset of each, and how many of them each section has. */
export class RowTable {
  readonly out: ByteWriter;
  #starts: Uint32Array<ArrayBuffer>;
  #offsets: Float64Array<ArrayBuffer>;
  readonly #sectionRows: Uint32Array<ArrayBuffer>;
  #sectionsEnded = 0;
  #rowsOfEnded = 0;
  rowCount = 0;

  /** The capacities are guesses; both grow. `buffer`, if given, is what the rows are written into while they fit. */
  constructor(sectionCount: number, capacityBytes = 0, capacityRows = 0, buffer?: ArrayBuffer) {
    this.#sectionRows = new Uint32Array(sectionCount);
    this.out = new ByteWriter(capacityBytes, buffer);
    this.#starts = new Uint32Array(capacityRows + 1);
    this.#offsets = new Float64Array(capacityRows);
  }

  /** The bytes from `start` to the writer's offset are now a row. */
  endRow(start: number, kafkaOffset: number): void {
    if (this.rowCount === this.#offsets.length) this.#grow();
    this.#starts[this.rowCount] = start;
    this.#offsets[this.rowCount] = kafkaOffset;
    this.rowCount++;
  }

  /** The rows since the last section ended are those of the next one. */
  endSection(): void {
    this.#sectionRows[this.#sectionsEnded++] = this.rowCount - this.#rowsOfEnded;
    this.#rowsOfEnded = this.rowCount;
  }

  /** The rows as they cross the threads: views of buffers that nothing else uses. */
  finish(format: EncodedRows["format"]): EncodedRows {
    const { out, rowCount } = this;
    this.#starts[rowCount] = out.offset;
    return {
      format,
      bytes: out.bytes.subarray(0, out.offset),
      rowCount,
      rowStarts: this.#starts.subarray(0, rowCount + 1),
      offsets: this.#offsets.subarray(0, rowCount),
      sectionRows: this.#sectionRows,
    };
  }

  #grow(): void {
    const capacity = Math.max(16, this.rowCount * 2);
    const starts = new Uint32Array(capacity + 1);
    starts.set(this.#starts);
    const offsets = new Float64Array(capacity);
    offsets.set(this.#offsets);
    this.#starts = starts;
    this.#offsets = offsets;
  }
}
