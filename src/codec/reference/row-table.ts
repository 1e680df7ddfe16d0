import { ByteWriter } from "../../core/byte-writer.ts";
import type { EncodedRows } from "../task.ts";

/** Rows being written, with the place and the Kafka offset of each. */
export class RowTable {
  readonly out: ByteWriter;
  #starts: Uint32Array<ArrayBuffer>;
  #offsets: Float64Array<ArrayBuffer>;
  rowCount = 0;

  /** The capacities are guesses; both grow. `buffer`, if given, is what the rows are written into while they fit. */
  constructor(capacityBytes: number, capacityRows: number, buffer?: ArrayBuffer) {
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
