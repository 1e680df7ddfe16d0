import type { PlanColumn, TablePlan } from "../../../schema/plan.ts";
import type { createRowsToNative } from "../../native/rows-to-native.ts";
import type { EncodedRows, LatencyGroup, TranscodeResult } from "../../task.ts";
import { nativeToRows, printable } from "./native-to-rows.ts";

/** From here on the groups of a task are not kept apart, and which ones are left depends on the order of the rows. */
const GROUPS_MAX = 63;

/**
 * What the kernel's result has that the reference's has not, in words; empty when they mean the same: the same rows and
 * dead letters by section and Kafka offset, byte for byte and (but for the rows of a section in a Native block) in the
 * same order, the same counts and the same latencies. `reference` is of the format `rows`, whatever the kernel's is. Numbers of unknown fields are
 * left to the caller.
 */
export function compareResults(
  plan: TablePlan,
  kernel: TranscodeResult,
  reference: TranscodeResult,
  toNative: ReturnType<typeof createRowsToNative>,
): string {
  const found =
    compareRows("row", plan.columns, kernel.rows, reference.rows, toNative) ||
    compareRows("dead letter", plan.deadLetters.columns, kernel.deadLetters, reference.deadLetters, undefined) ||
    compareCounts(kernel, reference) ||
    compareLatency(kernel.latency, reference.latency);
  if (found !== "" || kernel.rows.format !== "Native") return found;
  return compareBlock(kernel, reference, toNative);
}

function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function compareRows(
  what: string,
  columns: PlanColumn[],
  kernel: EncodedRows,
  reference: EncodedRows,
  toNative: ReturnType<typeof createRowsToNative> | undefined,
): string {
  if (kernel.rowCount !== reference.rowCount) {
    return `${kernel.rowCount} ${what}s, the reference has ${reference.rowCount}${difference(kernel, reference)}`;
  }
  if (kernel.offsets.length !== kernel.rowCount)
    return `${kernel.offsets.length} offsets of ${kernel.rowCount} ${what}s`;
  if (kernel.sectionRows.join() !== reference.sectionRows.join()) {
    return `${what}s by section ${kernel.sectionRows}, by the reference ${reference.sectionRows}`;
  }
  const isOrderSame = kernel.offsets.every((offset, index) => offset === reference.offsets[index]);
  if (kernel.format === "Native") {
    if (isOrderSame && toNative !== undefined && isSameBytes(kernel.bytes, toNative(reference).bytes)) return "";
  } else {
    const starts = checkStarts(kernel);
    if (starts !== "") return `${what}: ${starts}`;
    if (isOrderSame && isSameBytes(kernel.bytes, reference.bytes)) return "";
    // Batches whose headers lie may come in any order, and then each has its own.
    if (!isOrderSame && isRising(reference)) return `${what}s are in another order than the reference's`;
  }
  const found = sortedRows(kernel, columns);
  const wanted = sortedRows(reference, columns);
  for (const [index, row] of found.entries()) {
    const other = wanted[index]!;
    const place = `${what} of offset ${row.offset}${kernel.sectionRows.length > 1 ? ` in section ${row.section}` : ""}`;
    if (row.offset !== other.offset) return `${place}, the reference has one of ${other.offset}`;
    if (isSameBytes(row.bytes, other.bytes)) continue;
    return `${place} has ${firstDifference(row.bytes, other.bytes)}`;
  }
  return "";
}

/** Some bytes before and after the first one that differs. */
function firstDifference(found: Uint8Array, wanted: Uint8Array): string {
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  const place = at < 0 ? found.length : at;
  const around = (bytes: Uint8Array) => printable(bytes.subarray(Math.max(0, place - 20), place + 40));
  return `at byte ${place} of ${found.length} ${around(found)}, by the reference ${wanted.length} bytes, ${around(wanted)}`;
}

/** In each section. */
function isRising(rows: EncodedRows): boolean {
  const sections = sectionsOf(rows);
  const { offsets } = rows;
  return offsets.every(
    (offset, index) => index === 0 || sections[index - 1] !== sections[index] || offsets[index - 1]! < offset,
  );
}

/** The index of each row's section. */
export function sectionsOf({ sectionRows }: EncodedRows): number[] {
  return Array.from(sectionRows).flatMap((count, section) => Array.from({ length: count }, () => section));
}

function difference(kernel: EncodedRows, reference: EncodedRows): string {
  const [own, other] = [new Set(kernel.offsets), new Set(reference.offsets)];
  return `; only in the one ${[...own].filter((offset) => !other.has(offset))}; only in the other ${[...other].filter((offset) => !own.has(offset))}`;
}

function checkStarts({ rowStarts, rowCount, bytes }: EncodedRows): string {
  if (rowStarts.length !== rowCount + 1) return `${rowStarts.length} starts`;
  if (rowStarts[rowCount] !== bytes.length) return `the last start is ${rowStarts[rowCount]} of ${bytes.length} bytes`;
  return "";
}

interface PlacedRow {
  section: number;
  offset: number;
  bytes: Uint8Array;
}

function sortedRows(rows: EncodedRows, columns: PlanColumn[]): PlacedRow[] {
  const { offsets, rowStarts } = rows;
  const sections = sectionsOf(rows);
  const bytes =
    rows.format === "Native"
      ? nativeToRows(rows.bytes, columns, rows.rowCount)
      : Array.from(offsets, (_, index) => rows.bytes.subarray(rowStarts[index], rowStarts[index + 1]));
  return Array.from(offsets, (offset, index) => ({ section: sections[index]!, offset, bytes: bytes[index]! })).sort(
    (left, right) =>
      left.section - right.section || left.offset - right.offset || Buffer.compare(left.bytes, right.bytes),
  );
}

/** Where no record took another way, the block is to be the reference's to the last byte: keys in the same order too. */
function compareBlock(
  kernel: TranscodeResult,
  reference: TranscodeResult,
  toNative: ReturnType<typeof createRowsToNative>,
): string {
  const isPlain = kernel.deadLetters.rowCount === 0 && kernel.counts.declined === 0;
  if (!isPlain || isSameBytes(kernel.rows.bytes, toNative(reference.rows).bytes)) return "";
  return "the Native block has the same rows and other bytes";
}

function compareCounts(kernel: TranscodeResult, reference: TranscodeResult): string {
  if (kernel.recordCount !== reference.recordCount)
    return `${kernel.recordCount} records, not ${reference.recordCount}`;
  const [own, other] = [kernel.counts, reference.counts];
  for (const name of ["unwrapped", "eventTimeFromKafka"] as const) {
    if (own[name] !== other[name]) return `${name} ${own[name]}, by the reference ${other[name]}`;
  }
  for (const name of ["deadByType", "coercions", "lateByBand"] as const) {
    const [found, wanted] = [sortedText(own[name]), sortedText(other[name])];
    if (found !== wanted) return `${name} ${found}, by the reference ${wanted}`;
  }
  return "";
}

function sortedText(counts: Record<string, number>): string {
  return JSON.stringify(Object.entries(counts).sort(([left], [right]) => (left < right ? -1 : 1)));
}

const stages = ["produce", "fetch", "eventAge", "recordAge"] as const;

/** Groups may come twice and pairs in any order. */
function compareLatency(kernel: LatencyGroup[], reference: LatencyGroup[]): string {
  const isFull = kernel.length >= GROUPS_MAX || reference.length >= GROUPS_MAX;
  const [found, wanted] = [sumLatency(kernel, isFull), sumLatency(reference, isFull)];
  for (const [key, count] of wanted) {
    if (found.get(key) !== count) return `latency ${key} counts ${found.get(key)}, by the reference ${count}`;
    found.delete(key);
  }
  for (const [key, count] of found) return `latency ${key} counts ${count}, by the reference nothing`;
  return "";
}

function sumLatency(groups: LatencyGroup[], isFull: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups) {
    for (const stage of stages) {
      const pairs = group[stage];
      for (let index = 0; index < pairs.length; index += 2) {
        const key = `${isFull ? "" : group.group} ${stage} ${pairs[index]! + 0}`;
        counts.set(key, (counts.get(key) ?? 0) + pairs[index + 1]!);
      }
    }
  }
  return counts;
}
