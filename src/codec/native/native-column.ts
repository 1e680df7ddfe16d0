import type { ByteWriter } from "../../core/byte-writer.ts";

/** A place in RowBinary rows. */
export interface RowCursor {
  bytes: Uint8Array;
  offset: number;
}

/**
 * A column of a Native block while it is collected. ClickHouse stores one in two parts, each in the order of the type
 * from outside inwards: the prefix (the versions of what has versions), then the data
 * (https://clickhouse.com/docs/interfaces/formats/Native; the engine itself is asked in rows-to-native.test.ts).
 */
export interface NativeColumn {
  /** Takes the value at the cursor and moves past it. */
  take(rows: RowCursor): void;
  writePrefix(out: ByteWriter): void;
  writeData(out: ByteWriter): void;
  /** Forgets the values, keeps the memory. */
  clear(): void;
}

/** Reads an unsigned LEB128 (a RowBinary length) and moves past it. PRECONDITION: the rows are our own, so whole. */
export function readVarUInt(rows: RowCursor): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = rows.bytes[rows.offset++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
}

/** Appends `bytes[from … to)`. */
export function copyBytes(out: ByteWriter, bytes: Uint8Array, from: number, to: number): void {
  out.reserve(to - from);
  // A call of set() costs more than a loop over a number or a short name.
  if (to - from <= 16) for (let at = from, put = out.offset; at < to; ) out.bytes[put++] = bytes[at++]!;
  else out.bytes.set(bytes.subarray(from, to), out.offset);
  out.offset += to - from;
}
