import { expect, it } from "vitest";
import { ByteWriter } from "../../core/byte-writer.ts";
import { mergeRows } from "./merge-rows.ts";
import { Randomness } from "./testing/randomness.ts";

interface Row {
  offset: number;
  bytes: number[];
}

/** Rows back to back, and where each begins. */
function pack(rows: Row[]) {
  const rowStarts = new Uint32Array(rows.length + 1);
  for (const [index, { bytes }] of rows.entries()) rowStarts[index + 1] = rowStarts[index]! + bytes.length;
  return {
    format: "RowBinary" as const,
    bytes: Uint8Array.from(rows.flatMap(({ bytes }) => bytes)),
    rowCount: rows.length,
    rowStarts,
    offsets: Float64Array.from(rows, ({ offset }) => offset),
  };
}

it("rows of two makers are in the order of their offsets, empty rows and runs of any length among them", () => {
  const random = new Randomness(21);
  for (let run = 0; run < 2_000; run++) {
    const share = 1 + random.below(12);
    const all = Array.from({ length: random.below(40) }, (_, offset): Row & { isAdded: boolean } => ({
      offset: offset * 3,
      bytes: Array.from({ length: random.below(6) }, () => random.below(256)),
      isAdded: random.below(12) < share,
    }));
    const own = pack(all.filter(({ isAdded }) => !isAdded));
    const added = pack(all.filter(({ isAdded }) => isAdded));
    const rows = new ByteWriter(own.bytes.length + random.below(20));
    rows.reserve(own.bytes.length);
    rows.bytes.set(own.bytes);
    rows.offset = own.bytes.length;
    const merged = mergeRows(rows, own.rowStarts, own.offsets, added);
    const { rowStarts, offsets, bytes } = pack(all);
    expect({ ...merged, bytes: rows.bytes.slice(0, rows.offset) }).toEqual({ rowStarts, offsets, bytes });
  }
});
