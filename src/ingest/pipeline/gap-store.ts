import type { ClickHouseClient } from "@clickhouse/client";
import type { EncodedRows } from "../../codec/task.ts";
import { ownDatabase } from "../../config/own-database.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import type { Origin } from "../../core/origin.ts";
import type { PartitionRange, TopicPartition } from "../../core/topic-partition.ts";
import type { SinkBatch } from "../sink/sink.ts";

/** Where known gaps are kept (sql/migrations/0010_gaps.sql). */
export const gapTable = `${ownDatabase}.millrace_gaps`;

/**
 * Why offsets have no row: `absent`, the log has no record there (control batches, aborted transactions, compaction);
 * `lost`, retention deleted the records before this group read them; `skipped`, this group was set beyond them.
 */
export type GapReason = "absent" | "lost" | "skipped";

/** Offsets of one partition that will never have a row. */
export interface Gap extends Origin, TopicPartition {
  reason: GapReason;
  /** Ascending, disjoint, at least one. */
  runs: OffsetRun[];
}

/**
 * The offsets `first` to `last`, both included, that are in none of the arrays, which are in any order. For the
 * uncommon case only: a range with as many records as offsets has none, and its count says so for nothing.
 */
export function absentRuns(first: number, last: number, ...offsets: Float64Array[]): OffsetRun[] {
  const present = new Float64Array(offsets.reduce((sum, run) => sum + run.length, 0));
  let at = 0;
  for (const run of offsets) {
    present.set(run, at);
    at += run.length;
  }
  present.sort();
  const runs: OffsetRun[] = [];
  let next = first;
  for (const offset of present) {
    if (offset > last) break;
    if (offset > next) runs.push({ first: next, last: offset - 1 });
    if (offset >= next) next = offset + 1;
  }
  if (next <= last) runs.push({ first: next, last });
  return runs;
}

/**
 * The offsets of each range that are in none of the parts, and not lost: of lost ones the log had records.
 *
 * @param parts rows and dead letters, each with its rows in the order of the ranges; none: the ranges have no record
 */
export function absentGaps(
  ranges: readonly (Omit<RangeGap, "runs"> & { lost?: readonly OffsetRun[] })[],
  parts: readonly Pick<EncodedRows, "offsets" | "sectionRows">[],
): RangeGap[] {
  const ends = parts.map(() => 0);
  return ranges.flatMap(({ topic, partition, firstOffset, lastOffset, lost = [] }, section) => {
    const own = parts.map(({ offsets, sectionRows }, part) => {
      const start = ends[part]!;
      ends[part] = start + sectionRows[section]!;
      return offsets.subarray(start, ends[part]);
    });
    // The usual case, without a look at any offset.
    if (own.reduce((sum, { length }) => sum + length, 0) === lastOffset - firstOffset + 1) return [];
    const starts = [firstOffset, ...lost.map(({ last }) => last + 1)];
    const lasts = [...lost.map(({ first }) => first - 1), lastOffset];
    const runs = starts.flatMap((first, index) => absentRuns(first, lasts[index]!, ...own));
    return runs.length === 0 ? [] : [{ topic, partition, firstOffset, lastOffset, runs }];
  });
}

/** Offsets in the runs. */
export function countOffsets(runs: readonly OffsetRun[]): number {
  return runs.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

const columns = [
  { name: "topic", type: { text: "LowCardinality(String)" } },
  { name: "partition", type: { text: "Int32" } },
  { name: "first_offset", type: { text: "Int64" } },
  { name: "last_offset", type: { text: "Int64" } },
  { name: "reason", type: { text: "LowCardinality(String)" } },
  { name: "group", type: { text: "LowCardinality(String)" } },
  { name: "absent", type: { text: "UInt64" } },
  { name: "run_first", type: { text: "Array(Int64)" } },
  { name: "run_last", type: { text: "Array(Int64)" } },
  { name: "kafka_cluster", type: { text: "LowCardinality(String)" } },
];

/** Gaps of one reason in ranges that were cut together, or in one. */
export interface RangeGaps extends Origin {
  reason: GapReason;
  /** In the order of the bundle; ranges without a gap are not among them. At least one. */
  ranges: readonly RangeGap[];
  /** Undefined: for a range whose tokens do not name the group; then the suffix has to. */
  tokenScope: string | undefined;
  /** Of the bundle that the ranges are of, if they are of one. */
  bundleId?: string | undefined;
}

export interface RangeGap extends PartitionRange {
  runs: OffsetRun[];
}

/** The gaps as a batch for the sink, a row each, which it inserts like any rows: with their token, fence and repeats. */
export function gapBatch({ ranges, tokenScope, bundleId, ...whose }: RangeGaps): SinkBatch {
  const rows = ranges.map(({ topic, partition, runs }) => encodeRow({ ...whose, topic, partition, runs }));
  const rowStarts = new Uint32Array(rows.length + 1);
  rows.forEach((row, index) => {
    rowStarts[index + 1] = rowStarts[index]! + row.length;
  });
  const bytes = new Uint8Array(rowStarts.at(-1)!);
  rows.forEach((row, index) => {
    bytes.set(row, rowStarts[index]);
  });
  return {
    table: gapTable,
    columns,
    partitionKey: "",
    // A range may miss offsets for more than one reason.
    tokenScope,
    tokenSuffix: tokenScope === undefined ? `/${whose.reason}/${whose.group}` : `/${whose.reason}`,
    format: "RowBinary",
    members: ranges.map(({ runs: _, ...range }) => ({ ...range, rowCount: 1 })),
    bundleId,
    bytes,
    rowCount: rows.length,
    rowStarts,
    offsets: Float64Array.from(ranges, ({ runs }) => runs[0]!.first),
  };
}

/**
 * Stores the gap with one insert, without repeats. The same token again within the table's deduplication window writes
 * nothing.
 *
 * @throws what the client throws.
 */
export async function storeGap(client: ClickHouseClient, gap: Gap, token: string): Promise<void> {
  const { topic, partition, cluster, group, reason, runs } = gap;
  await client.insert({
    table: gapTable,
    columns: columns.map(({ name }) => name) as [string, ...string[]],
    values: [
      {
        topic,
        partition,
        reason,
        group,
        first_offset: runs[0]!.first,
        last_offset: runs.at(-1)!.last,
        absent: countOffsets(runs),
        run_first: runs.map(({ first }) => first),
        run_last: runs.map(({ last }) => last),
        kafka_cluster: cluster,
      },
    ],
    format: "JSONEachRow",
    clickhouse_settings: { async_insert: 0, insert_deduplicate: 1, insert_deduplication_token: token },
  });
}

/** One RowBinary row (https://clickhouse.com/docs/interfaces/formats/RowBinary) in the order of `columns`. */
function encodeRow({ topic, partition, reason, cluster, group, runs }: Gap): Uint8Array<ArrayBuffer> {
  const texts = [topic, reason, group, cluster].map((text) => new TextEncoder().encode(text));
  const textBytes = texts.reduce((sum, text) => sum + text.length + VARINT_BYTES_MAX, 0);
  const view = new DataView(new ArrayBuffer(textBytes + 28 + 2 * (VARINT_BYTES_MAX + 8 * runs.length)));
  const out = new Uint8Array(view.buffer);
  let at = 0;
  const writeVarint = (value: number) => {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 0x80;
    out[at++] = rest;
  };
  const writeText = (text: Uint8Array) => {
    writeVarint(text.length);
    out.set(text, at);
    at += text.length;
  };
  const writeInt64 = (value: number) => {
    view.setBigInt64(at, BigInt(value), true);
    at += 8;
  };
  writeText(texts[0]!);
  view.setInt32(at, partition, true);
  at += 4;
  writeInt64(runs[0]!.first);
  writeInt64(runs.at(-1)!.last);
  writeText(texts[1]!);
  writeText(texts[2]!);
  writeInt64(countOffsets(runs));
  for (const edge of ["first", "last"] as const) {
    writeVarint(runs.length);
    for (const run of runs) writeInt64(run[edge]);
  }
  writeText(texts[3]!);
  return out.subarray(0, at);
}

const VARINT_BYTES_MAX = 5;
