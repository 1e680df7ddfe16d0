import type { ByteWriter } from "../../core/byte-writer.ts";
import type { EncodedRows } from "../task.ts";

/** Kafka offsets of rows, section after section, and how many rows each section has. */
export interface RowOffsets {
  offsets: Float64Array;
  sectionRows: Uint32Array;
}

type Merged = Pick<EncodedRows, "rowStarts" | "offsets" | "sectionRows">;

/**
 * Puts the rows that the reference has written between the kernel's in `rows`, section by section and there by Kafka
 * offset, so that a task has its rows in one order whoever made which: the tokens of a cut insert name the offsets at
 * which its parts begin and end.
 *
 * In place and from the end: what lies after the first row of the reference moves once, in runs. `own` are the kernel's
 * rows; `starts` has one more than they are, their end.
 */
export function mergeRows(rows: ByteWriter, own: RowOffsets & { starts: Uint32Array }, added: EncodedRows): Merged {
  const { starts, offsets } = own;
  const rowCount = offsets.length + added.rowCount;
  const sectionRows = addUp(own.sectionRows, added.sectionRows);
  const merged = { rowStarts: new Uint32Array(rowCount + 1), offsets: new Float64Array(rowCount), sectionRows };
  rows.reserve(added.bytes.length);
  rows.offset += added.bytes.length;
  merged.rowStarts[rowCount] = rows.offset;
  let end = offsets.length;
  // The section at hand has the kernel's rows `sectionFirst … sectionEnd`, and the reference's from `addedFirst` on.
  let section = sectionRows.length;
  let sectionFirst = end;
  let sectionEnd = end;
  let addedFirst = added.rowCount;
  for (let before = added.rowCount; ; before--) {
    while (before > 0 && before <= addedFirst) {
      section--;
      sectionEnd = sectionFirst;
      sectionFirst -= own.sectionRows[section]!;
      addedFirst -= added.sectionRows[section]!;
    }
    // The kernel's rows `first … end` have so many of the reference's before them.
    const offset = added.offsets[before - 1]!;
    let first = before === 0 ? 0 : Math.min(end, sectionEnd);
    while (first > sectionFirst && offsets[first - 1]! > offset) first--;
    const shift = added.rowStarts[before] ?? 0;
    if (shift > 0) rows.bytes.copyWithin(starts[first]! + shift, starts[first]!, starts[end]!);
    for (let index = first; index < end; index++) merged.rowStarts[index + before] = starts[index]! + shift;
    merged.offsets.set(offsets.subarray(first, end), first + before);
    if (before === 0) return merged;
    const from = added.rowStarts[before - 1]!;
    const place = starts[first]! + from;
    rows.bytes.set(added.bytes.subarray(from, shift), place);
    merged.rowStarts[first + before - 1] = place;
    merged.offsets[first + before - 1] = offset;
    end = first;
  }
}

/** The offsets of both, section by section, in each the added ones last. */
export function joinOffsets(own: RowOffsets, added: RowOffsets): Pick<EncodedRows, "offsets" | "sectionRows"> {
  const offsets = new Float64Array(own.offsets.length + added.offsets.length);
  const sectionRows = addUp(own.sectionRows, added.sectionRows);
  if (added.offsets.length === 0) {
    offsets.set(own.offsets);
    return { offsets, sectionRows };
  }
  let [ownAt, addedAt] = [0, 0];
  for (const [index, ownCount] of own.sectionRows.entries()) {
    offsets.set(own.offsets.subarray(ownAt, ownAt + ownCount), ownAt + addedAt);
    ownAt += ownCount;
    const addedEnd = addedAt + added.sectionRows[index]!;
    offsets.set(added.offsets.subarray(addedAt, addedEnd), ownAt + addedAt);
    addedAt = addedEnd;
  }
  return { offsets, sectionRows };
}

function addUp(left: Uint32Array, right: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(left, (count, index) => count + right[index]!);
}
