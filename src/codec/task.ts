import type { LateRows } from "../core/lateness.ts";
import type { PartitionRange } from "../core/topic-partition.ts";

/**
 * What crosses the threads: one task = ranges of one or more partitions, as raw Kafka record batches.
 *
 * Every ArrayBuffer here is transferred, never cloned: after posting, the sender must not touch it.
 */

/** Where one raw record batch lies in `TranscodeTask.buffers`. */
export interface BatchSpan {
  /** Which of the buffers. */
  buffer: number;
  /** The first of its bytes there. */
  start: number;
  /** Of the record batch, header included. */
  byteLength: number;
  /** When the main thread received it, ms since 1970. */
  receivedMs: number;
}

/** A range of one partition in a task. Records outside of it are skipped: a batch may begin before the range. */
export interface TaskSection extends PartitionRange {
  /** Its batches are so many of the task's (0 is possible), those after the batches of the sections before it. */
  batchCount: number;
}

export interface TranscodeTask {
  planKey: string;
  /**
   * What the rows are to be encoded in: `rows` is `plan.format`, `native` is Native. Dead letters are RowBinary in any
   * case. A plan with RowBinaryOptional stays so: Native cannot ask for a DEFAULT in a single cell.
   */
  format: "rows" | "native";
  /** In the order in which their rows are to come. Two may have the same offsets, no two the same partition. */
  sections: TaskSection[];
  /**
   * What the batches of all sections lie in, in any order and each in one of them: batches are collected as they arrive,
   * from a thousand partitions into a few buffers, which are reused and may be longer than what is in them.
   */
  buffers: ArrayBuffer[];
  batches: BatchSpan[];
  /**
   * The time that the lateness horizon is judged against, a whole number of ms since 1970. It is noted before the insert,
   * and a replay of the range takes the same one, so that the same records become the same rows in the same partitions. It
   * also stands in for the time of a record that has none.
   */
  judgedMs: number;
  /** Rows that ClickHouse refused for their data, to be written as dead letters instead. Empty on the first pass. */
  refused: RefusedRow[];
  /** A buffer that nobody else uses any more, with anything in it: the rows go into it when they fit. */
  spare?: ArrayBuffer | undefined;
}

export interface RefusedRow {
  /** Index of its section. */
  section: number;
  offset: number;
  /** The server's error code and message. */
  errorType: string;
  errorMessage: string;
}

/**
 * Rows of one table, section after section; in a section by offset, but for Native (src/codec/kernel/result.ts). Without a
 * row there is no byte, in any format.
 */
export interface EncodedRows {
  format: "RowBinary" | "RowBinaryOptional" | "Native";
  /**
   * Rows back to back, or one Native block. Never several: ClickHouse gives each block of an insert a part of the token,
   * so a repeat of the range that is cut into other blocks (by the other transcoder, or by rows) would double its rows.
   */
  bytes: Uint8Array<ArrayBuffer>;
  rowCount: number;
  /**
   * Byte offset where each row begins; `rowStarts[rowCount]` is the total. Lets the sink cut a refused insert in two.
   * Empty for Native, whose rows lie in no place of their own.
   */
  rowStarts: Uint32Array<ArrayBuffer>;
  /** Kafka offset of each row, in the order of the rows. */
  offsets: Float64Array<ArrayBuffer>;
  /** How many of the rows each section has, in the order of the sections. */
  sectionRows: Uint32Array<ArrayBuffer>;
}

/**
 * Latency of a group of rows, as sparse counts: pairs `[differenceMs, count]` of (reference − time), quantised to three
 * digits (src/core/sparse-histogram.ts). The main thread adds what it alone knows (the acknowledgement time) to each
 * pair, so it does no work per record. The pairs are in no order, and a group may come twice.
 */
export interface LatencyGroup {
  /** Value of the plan's latencyGroupColumn, "" if there is none. At most 64 groups a task; the rest count as "other". */
  group: string;
  /**
   * Kafka record time − event time. Negative: clock skew, or an event time ahead. Events more than an hour behind are
   * late, not slow: neither here nor in `eventAge`.
   */
  produce: Float64Array<ArrayBuffer>;
  /** Received − Kafka record time. */
  fetch: Float64Array<ArrayBuffer>;
  /** `startedMs` − event time; the main thread adds (acknowledged − startedMs) and gets e2e. */
  eventAge: Float64Array<ArrayBuffer>;
  /** `startedMs` − Kafka record time; the same for pipeline. */
  recordAge: Float64Array<ArrayBuffer>;
}

export interface TranscodeResult {
  /** The task's buffers, handed back: needed again when the server refuses rows, then reused. */
  buffers: ArrayBuffer[];
  /** The task's spare buffer, handed back, when the rows do not lie in it. */
  spare?: ArrayBuffer | undefined;
  rows: EncodedRows;
  deadLetters: EncodedRows;
  /** Records in range = rows + deadLetters. */
  recordCount: number;
  startedMs: number;
  endedMs: number;
  latency: LatencyGroup[];
  counts: TranscodeCounts;
  /** What the worker saw of some of the documents, when it looked at them (src/codec/field-sample.ts). */
  fields?: FieldSample | undefined;
}

/** Which columns found their field in some documents of a task, and which fields nobody reads. */
export interface FieldSample {
  /** Documents that were looked at, of those that have a field at all. */
  documents: number;
  /** In how many of them each column found its field, by the column's place in the plan; 0 where it reads none. */
  matched: Uint32Array;
  /** Fields that no column and no rule reads: in how many documents. Of an object, its members: `data.user`. */
  unknownFields: Map<string, number>;
}

export interface TranscodeCounts {
  /** Dead letters by error_type. */
  deadByType: Record<string, number>;
  /** Lenient conversions by column. */
  coercions: Record<string, number>;
  /** Fields of documents that no column and no rule reads. */
  unknownFields: number;
  /** Documents that were JSON text inside a JSON string (S2-4). */
  unwrapped: number;
  /** Rows whose event time was taken from Kafka because the document had none. */
  eventTimeFromKafka: number;
  /** Rows whose event time lies more than a minute behind the record time. */
  lateByBand: LateRows;
  /** Records that the kernel handed to the reference; 0 for the reference itself. */
  declined: number;
}

/** One transcoder for one plan; the reference and the kernel both are this. Pure: no clock but `nowMs`. */
export interface Transcoder {
  run(task: TranscodeTask, nowMs: () => number): TranscodeResult;
}
