import { ByteWriter } from "../../../core/byte-writer.ts";
import { writeByte } from "../../reference/columns/bytes.ts";
import { copyBytes, type NativeColumn, type RowCursor } from "../native-column.ts";
import { ScalarColumn, type ScalarType } from "./scalar.ts";

/** Nullable(T): a byte for each row, 1 = NULL, then a value for each row, a NULL's too. */
export class NullableColumn implements NativeColumn {
  readonly #nulls = new ByteWriter(0);
  readonly #values: ScalarColumn;

  constructor(type: ScalarType) {
    this.#values = new ScalarColumn(type);
  }

  take(rows: RowCursor): void {
    const isNull = rows.bytes[rows.offset++]!;
    writeByte(this.#nulls, isNull);
    if (isNull === 1) this.#values.takeDefault();
    else this.#values.take(rows);
  }

  writePrefix(): void {}

  writeData(out: ByteWriter): void {
    copyBytes(out, this.#nulls.bytes, 0, this.#nulls.offset);
    this.#values.writeData(out);
  }

  clear(): void {
    this.#nulls.offset = 0;
    this.#values.clear();
  }
}
