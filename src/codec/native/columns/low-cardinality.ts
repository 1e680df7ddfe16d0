import type { ByteWriter } from "../../../core/byte-writer.ts";
import { writeInt64Number } from "../../reference/columns/bytes.ts";
import { ByteDictionary } from "../byte-dictionary.ts";
import { copyBytes, type NativeColumn, type RowCursor } from "../native-column.ts";
import { Scalar, type ScalarType } from "./scalar.ts";

/** KeysSerializationVersion: SharedDictionariesWithAdditionalKeys, the only one that the engine knows. */
export const KEYS_VERSION = 1;
/** Flags beside the index type: the keys lie in the block itself (bit 9), and are a new dictionary (bit 10). */
export const HAS_ADDITIONAL_KEYS = 1 << 9;
export const NEED_UPDATE_DICTIONARY = 1 << 10;

const NULL_INDEX = 0;

/**
 * LowCardinality(T) and LowCardinality(Nullable(T)): the distinct values, then for each row the number of its value in 8,
 * 16 or 32 bits. As the engine does, the type's default leads the keys; before it, of a Nullable, the key that means
 * NULL, with the default's bytes for want of others.
 *
 * Without a value there is no data at all, not even counts: that happens inside arrays that are all empty.
 */
export class LowCardinalityColumn implements NativeColumn {
  readonly #scalar: Scalar;
  readonly #isNullable: boolean;
  readonly #dictionary = new ByteDictionary();
  #indexes = new Uint32Array(0);
  #rowCount = 0;

  constructor(type: ScalarType, isNullable: boolean) {
    this.#scalar = new Scalar(type);
    this.#isNullable = isNullable;
    this.clear();
  }

  take(rows: RowCursor): void {
    if (this.#rowCount === this.#indexes.length) this.#grow();
    this.#indexes[this.#rowCount++] = this.#takeIndex(rows);
  }

  #takeIndex(rows: RowCursor): number {
    if (this.#isNullable && rows.bytes[rows.offset++] === 1) return NULL_INDEX;
    const from = rows.offset;
    this.#scalar.skip(rows);
    return this.#dictionary.add(rows.bytes, from, rows.offset);
  }

  writePrefix(out: ByteWriter): void {
    writeInt64Number(out, KEYS_VERSION);
  }

  writeData(out: ByteWriter): void {
    if (this.#rowCount === 0) return;
    const { count, keys } = this.#dictionary;
    const indexType = count <= 1 << 8 ? 0 : count <= 1 << 16 ? 1 : 2;
    writeInt64Number(out, indexType | HAS_ADDITIONAL_KEYS | NEED_UPDATE_DICTIONARY);
    writeInt64Number(out, count);
    copyBytes(out, keys.bytes, 0, keys.offset);
    writeInt64Number(out, this.#rowCount);
    out.reserve(this.#rowCount << indexType);
    for (let row = 0; row < this.#rowCount; row++) {
      const index = this.#indexes[row]!;
      if (indexType === 0) out.bytes[out.offset] = index;
      else if (indexType === 1) out.view.setUint16(out.offset, index, true);
      else out.view.setUint32(out.offset, index, true);
      out.offset += 1 << indexType;
    }
  }

  clear(): void {
    const { defaultBytes } = this.#scalar;
    this.#dictionary.clear();
    this.#rowCount = 0;
    if (this.#isNullable) this.#dictionary.append(defaultBytes, 0, defaultBytes.length);
    this.#dictionary.add(defaultBytes, 0, defaultBytes.length);
  }

  #grow(): void {
    const grown = new Uint32Array(Math.max(64, this.#rowCount * 2));
    grown.set(this.#indexes);
    this.#indexes = grown;
  }
}
