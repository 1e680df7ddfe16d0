import { createRowsToNative } from "../../../codec/native/rows-to-native.ts";
import { compileCell, writeBytes, writeCell } from "../../../codec/reference/cell.ts";
import { RowContext } from "../../../codec/reference/row-context.ts";
import { column } from "../../../codec/testing/plan.ts";
import { ByteWriter } from "../../../core/byte-writer.ts";
import { parseColumnType } from "../../../schema/column-type.ts";
import type { PlanColumn } from "../../../schema/plan.ts";
import type { SinkBatch } from "../sink.ts";

/** Rows of a small table with Kafka coordinates: an id, a day, and where the record came from. */

const record = (field: "topic" | "partition" | "offset") => ({ source: { kind: "record", field } as const });

export const testColumns: PlanColumn[] = [
  column("id", parseColumnType("UInt32")),
  column("day", parseColumnType("Date")),
  column("topic", parseColumnType("LowCardinality(String)"), record("topic")),
  column("kafka_partition", parseColumnType("Int32"), record("partition")),
  column("kafka_offset", parseColumnType("Int64"), record("offset")),
];

export const testColumnsSql =
  "id UInt32, day Date, topic LowCardinality(String), kafka_partition Int32, kafka_offset Int64";

/** A window for tokens that the tables of one test never outgrow. */
export const windowSql = "SETTINGS non_replicated_deduplication_window = 10000";

const ROW_BYTES = 4 + 2 + 2 + 4 + 8;
const DAY_0 = 20_000;

export interface TestRows {
  table: string;
  /** Offsets and ids `first … last`. */
  first: number;
  last: number;
  /** Rows go round through this many days, which begin in 2024. */
  days: number;
  partitionKey?: string;
}

/** The rows in RowBinary. */
export function batchOf({ table, first, last, days, partitionKey = "" }: TestRows): SinkBatch {
  const rowCount = last - first + 1;
  const bytes = new Uint8Array(rowCount * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rowCount; row += 1) {
    const at = row * ROW_BYTES;
    view.setUint32(at, first + row, true);
    view.setUint16(at + 4, DAY_0 + (row % days), true);
    view.setUint16(at + 6, 0x7401, true); // length 1, "t"
    view.setInt32(at + 8, 0, true);
    view.setBigInt64(at + 12, BigInt(first + row), true);
  }
  return {
    table,
    columns: testColumns,
    coordinates: { topic: "topic", partition: "kafka_partition", offset: "kafka_offset" },
    partitionKey,
    format: "RowBinary",
    members: [{ topic: "t", partition: 0, firstOffset: first, lastOffset: last, rowCount }],
    bytes,
    rowCount,
    rowStarts: Uint32Array.from({ length: rowCount + 1 }, (_, row) => row * ROW_BYTES),
    offsets: Float64Array.from({ length: rowCount }, (_, row) => first + row),
  };
}

/** A range of a topic whose name is one letter. */
export interface TestMember {
  topic: string;
  partition: number;
  first: number;
  last: number;
}

/** Ids of a bundle's rows: those of its member `index` begin here, and count on with the offset. */
export const idsOf = (index: number) => index * 100_000;

/** The rows of several ranges, in RowBinary. */
export function bundleOf(
  members: readonly TestMember[],
  { table, days, partitionKey = "" }: Pick<TestRows, "table" | "days" | "partitionKey">,
): SinkBatch {
  const batches = members.map(({ topic, partition, first, last }, index) => {
    const batch = batchOf({ table, first, last, days, partitionKey });
    const view = new DataView(batch.bytes.buffer);
    for (let row = 0; row < batch.rowCount; row += 1) {
      view.setUint32(row * ROW_BYTES, idsOf(index) + first + row, true);
      view.setUint8(row * ROW_BYTES + 7, topic.charCodeAt(0));
      view.setInt32(row * ROW_BYTES + 8, partition, true);
    }
    return { ...batch, members: batch.members.map((member) => ({ ...member, topic, partition })) };
  });
  const rowCount = batches.reduce((sum, batch) => sum + batch.rowCount, 0);
  return {
    ...batches[0]!,
    members: batches.flatMap((batch) => batch.members),
    bundleId: "bundle-of-a-test",
    bytes: Buffer.concat(batches.map(({ bytes }) => bytes)),
    rowCount,
    rowStarts: Uint32Array.from({ length: rowCount + 1 }, (_, row) => row * ROW_BYTES),
    offsets: Float64Array.from(batches.flatMap(({ offsets }) => [...offsets])),
  };
}

/** When the ingester received a record and when it began on it, ms since 1970. */
export interface IngesterTimes {
  receivedMs: number;
  processedMs: number;
}

/** Columns of several types that take a time, and the time that each has. */
const timeColumns: [name: string, type: string, time: keyof IngesterTimes][] = [
  ["received", "Nullable(DateTime64(3))", "receivedMs"],
  ["processed", "DateTime64(3)", "processedMs"],
  ["processed_zone", "DateTime64(3, 'Asia/Seoul')", "processedMs"],
  ["processed_ms", "Int64", "processedMs"],
  ["processed_float", "Float64", "processedMs"],
  ["received_ms", "Nullable(UInt64)", "receivedMs"],
  ["received_text", "LowCardinality(String)", "receivedMs"],
];

export const ingesterClocks = timeColumns.map(([name]) => name);
export const timeColumnsSql = timeColumns.map(([name, type]) => `${name} ${type}`).join(", ");

/** The rows in RowBinary, with `timeColumns` after their other columns. */
export function timedBatchOf(rows: TestRows, timesOf: (offset: number) => IngesterTimes): SinkBatch {
  return timed(batchOf(rows), timesOf);
}

export function timed(plain: SinkBatch, timesOf: (offset: number, row: number) => IngesterTimes): SinkBatch {
  const columns = timeColumns.map(([name, type]) => column(name, parseColumnType(type), { coercion: "lenient" }));
  const cells = columns.map((each) => compileCell(each, "RowBinary"));
  const context = new RowContext();
  const out = new ByteWriter(1_024);
  const rowStarts = new Uint32Array(plain.rowCount + 1);
  for (const [row, offset] of plain.offsets.entries()) {
    writeBytes(out, plain.bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES));
    const times = timesOf(offset, row);
    const document = Object.fromEntries(timeColumns.map(([name, , time]) => [name, times[time]]));
    for (const cell of cells) writeCell(cell, out, document, context);
    rowStarts[row + 1] = out.offset;
  }
  const bytes = out.bytes.slice(0, out.offset);
  return { ...plain, columns: [...testColumns, ...columns], bytes, rowStarts };
}

/** The same rows as one Native block. */
export function nativeOf(batch: SinkBatch): SinkBatch {
  const { bytes, rowCount, rowStarts, offsets } = batch;
  const toNative = createRowsToNative(batch.columns as PlanColumn[]);
  const rows = { format: "RowBinary", bytes, rowCount, rowStarts, offsets } as Parameters<typeof toNative>[0];
  return { ...batch, ...toNative(rows) };
}

/** Both formats that carry the fence. */
export const fencedFormats: [name: string, (batch: SinkBatch) => SinkBatch][] = [
  ["RowBinary", (batch) => batch],
  ["Native", nativeOf],
];

/** A lease that does not end within a test. */
export const longLease = { deadlineMs: async () => Date.now() + 60_000 };
