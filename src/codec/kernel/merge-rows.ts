import type { ByteWriter } from "../../core/byte-writer.ts";
import type { EncodedRows } from "../task.ts";

/**
 * Puts the rows that the reference has written between the kernel's in `rows`, by Kafka offset, so that a task has its
 * rows in one order whoever made which: the tokens of a cut insert name the offsets at which its parts begin and end.
 *
 * In place and from the end: what lies after the first row of the reference moves once, in runs. `starts` and `offsets`
 * are the kernel's, both rising; `starts` has one more, the end of its rows.
 */
export function mergeRows(
  rows: ByteWriter,
  starts: Uint32Array,
  offsets: Float64Array,
  added: EncodedRows,
): { rowStarts: Uint32Array<ArrayBuffer>; offsets: Float64Array<ArrayBuffer> } {
  const rowCount = offsets.length + added.rowCount;
  const merged = { rowStarts: new Uint32Array(rowCount + 1), offsets: new Float64Array(rowCount) };
  rows.reserve(added.bytes.length);
  rows.offset += added.bytes.length;
  merged.rowStarts[rowCount] = rows.offset;
  let end = offsets.length;
  for (let before = added.rowCount; ; before--) {
    // The kernel's rows `first … end` have so many of the reference's before them.
    const offset = before === 0 ? Number.NEGATIVE_INFINITY : added.offsets[before - 1]!;
    let first = end;
    while (first > 0 && offsets[first - 1]! > offset) first--;
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
