import { ByteWriter } from "../../../core/byte-writer.ts";
import { writeInt64Number } from "../../reference/columns/bytes.ts";
import { copyBytes, type NativeColumn, type RowCursor, readVarUInt } from "../native-column.ts";

/**
 * Array(T) with one part, Map(K, V) with two: for each row the number of elements up to and with it (UInt64), then each
 * part's elements of all rows. A map's keys and values alternate in RowBinary and are apart here.
 */
export class ArrayColumn implements NativeColumn {
  readonly #ends = new ByteWriter(0);
  readonly #parts: NativeColumn[];
  #count = 0;

  constructor(parts: NativeColumn[]) {
    this.#parts = parts;
  }

  take(rows: RowCursor): void {
    const length = readVarUInt(rows);
    this.#count += length;
    writeInt64Number(this.#ends, this.#count);
    for (let index = 0; index < length; index++) for (const part of this.#parts) part.take(rows);
  }

  writePrefix(out: ByteWriter): void {
    for (const part of this.#parts) part.writePrefix(out);
  }

  writeData(out: ByteWriter): void {
    copyBytes(out, this.#ends.bytes, 0, this.#ends.offset);
    for (const part of this.#parts) part.writeData(out);
  }

  clear(): void {
    this.#ends.offset = 0;
    this.#count = 0;
    for (const part of this.#parts) part.clear();
  }
}
