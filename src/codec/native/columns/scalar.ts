import { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { zeroBytes } from "../../reference/columns/type-default.ts";
import { copyBytes, type NativeColumn, type RowCursor, readVarUInt } from "../native-column.ts";

type Wrapper = Extract<ColumnType, { kind: "nullable" | "lowCardinality" | "array" | "map" }>;
export type ScalarType = Exclude<ColumnType, Wrapper>;

/** The width of a String, which has none. No other type has this width. */
const LENGTH_FIRST = 0;

/** A value without parts: RowBinary and Native write the same bytes for it. */
export class Scalar {
  readonly #width: number;
  /** The default value's bytes: zeros, or for a String the length 0. */
  readonly defaultBytes: Uint8Array;

  constructor(type: ScalarType) {
    this.#width = widthOf(type);
    this.defaultBytes = new Uint8Array(this.#width === LENGTH_FIRST ? 1 : this.#width);
  }

  /** Moves the cursor past the value. */
  skip(rows: RowCursor): void {
    if (this.#width !== LENGTH_FIRST) rows.offset += this.#width;
    else {
      const length = readVarUInt(rows);
      rows.offset += length;
    }
  }
}

function widthOf(type: ScalarType): number {
  if (type.kind === "string") return LENGTH_FIRST;
  // 0 may be no value of the Enum: it only ever lies under a NULL, where nobody reads it.
  return type.kind === "enum" ? type.bits / 8 : zeroBytes(type);
}

/** Numbers, times, strings, addresses: the values back to back, without a prefix. */
export class ScalarColumn implements NativeColumn {
  readonly #scalar: Scalar;
  readonly #values = new ByteWriter(0);

  constructor(type: ScalarType) {
    this.#scalar = new Scalar(type);
  }

  take(rows: RowCursor): void {
    const from = rows.offset;
    this.#scalar.skip(rows);
    copyBytes(this.#values, rows.bytes, from, rows.offset);
  }

  /** Takes the type's default: what lies under a NULL. */
  takeDefault(): void {
    const { defaultBytes } = this.#scalar;
    copyBytes(this.#values, defaultBytes, 0, defaultBytes.length);
  }

  writePrefix(): void {}

  writeData(out: ByteWriter): void {
    copyBytes(out, this.#values.bytes, 0, this.#values.offset);
  }

  clear(): void {
    this.#values.offset = 0;
  }
}
