import { expect, it } from "vitest";
import { ByteWriter } from "../../core/byte-writer.ts";
import { joinOffsets, mergeRows } from "./merge-rows.ts";
import { Randomness } from "./testing/randomness.ts";

interface Row {
  section: number;
  offset: number;
  bytes: number[];
}

const SECTIONS = 5;

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
    sectionRows: Uint32Array.from({ length: SECTIONS }, (_, at) => rows.filter(({ section }) => section === at).length),
  };
}

it("rows of two makers are in the order of their sections and offsets, empty rows and runs of any length among them", () => {
  const random = new Randomness(21);
  for (let run = 0; run < 2_000; run++) {
    const share = 1 + random.below(12);
    // The same offsets in all of them, and some without a row.
    const counts = Array.from({ length: SECTIONS }, () => (random.oneIn(3) ? 0 : random.below(16)));
    const places = counts.flatMap((count, section) => Array.from({ length: count }, (_, at) => ({ section, at })));
    const all = places.map(({ section, at }): Row & { isAdded: boolean } => ({
      section,
      offset: at * 3,
      bytes: Array.from({ length: random.below(6) }, () => random.below(256)),
      isAdded: random.below(12) < share,
    }));
    const own = pack(all.filter(({ isAdded }) => !isAdded));
    const added = pack(all.filter(({ isAdded }) => isAdded));
    const rows = new ByteWriter(own.bytes.length + random.below(20));
    rows.reserve(own.bytes.length);
    rows.bytes.set(own.bytes);
    rows.offset = own.bytes.length;
    const merged = mergeRows(rows, { ...own, starts: own.rowStarts }, added);
    const { rowStarts, offsets, sectionRows, bytes } = pack(all);
    expect({ ...merged, bytes: rows.bytes.slice(0, rows.offset) }).toEqual({ rowStarts, offsets, sectionRows, bytes });
  }
});

it("offsets of two makers are joined section by section, the added ones last", () => {
  const own = { offsets: Float64Array.of(1, 2, 1), sectionRows: Uint32Array.of(2, 0, 1) };
  const added = { offsets: Float64Array.of(0, 7, 8), sectionRows: Uint32Array.of(1, 2, 0) };
  expect(joinOffsets(own, added)).toEqual({
    offsets: Float64Array.of(1, 2, 0, 7, 8, 1),
    sectionRows: Uint32Array.of(3, 2, 1),
  });
  const none = { offsets: new Float64Array(0), sectionRows: new Uint32Array(3) };
  expect(joinOffsets(own, none)).toEqual(own);
  expect(joinOffsets(none, added)).toEqual(added);
});
