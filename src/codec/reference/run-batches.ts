import { BATCH_HEADER_BYTES } from "../../core/record-batch-header.ts";
import { CodecError } from "../codec-error.ts";
import { type Inflaters, inflate } from "../inflate/inflate.ts";
import { nextRecord, openRecords, type RecordCursor } from "../records.ts";
import { peekOffsets, readBatchHeader } from "../records-header.ts";
import type { TaskSection, TranscodeTask } from "../task.ts";
import { batchesBySection } from "../task-buffers.ts";
import { setRecordTime } from "./current-record.ts";
import { addDeadLetter, runRecord } from "./run-record.ts";
import { beginSection, endSection, type TaskRun } from "./task-run.ts";

/**
 * Dead letters that one unreadable batch makes. A batch that was ever produced has far fewer records; a header that lies
 * about its offsets must not fill the memory. The last dead letter then stands for the rest, and says so.
 */
const CORRUPT_DEAD_LETTERS_MAX = 100_000;

/** Runs all batches of a task. Throws for no record and no batch. */
export function runBatches(run: TaskRun, task: TranscodeTask, cursor: RecordCursor, inflaters: Inflaters): void {
  for (const [index, { section, batches }] of batchesBySection(task).entries()) {
    beginSection(run, index, section);
    for (const { bytes, receivedMs } of batches) {
      run.context.record.receivedMs = receivedMs;
      runBatch(run, section, cursor, inflaters, bytes);
    }
    endSection(run);
  }
}

/** The offsets whose records are wanted, both included. */
export type OffsetRange = Pick<TaskSection, "firstOffset" | "lastOffset">;

/** Runs the records of one batch that are in the range; what cannot be read becomes dead letters. */
export function runBatch(
  run: TaskRun,
  range: OffsetRange,
  cursor: RecordCursor,
  inflaters: Inflaters,
  batch: Uint8Array,
): void {
  const { record } = run.context;
  const claimed = peekOffsets(batch, 0, batch.length);
  let unread = claimed.first;
  let batchMs = -1;
  try {
    const header = readBatchHeader(batch, 0, batch.length);
    if (header.isControl || header.lastOffset < range.firstOffset || header.baseOffset > range.lastOffset) return;
    batchMs = header.maxTimestampMs;
    openRecords(cursor, header, inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), inflaters));
    while (nextRecord(cursor)) {
      if (cursor.recordOffset > range.lastOffset) return;
      unread = cursor.recordOffset + 1;
      if (cursor.recordOffset < range.firstOffset) continue;
      record.offset = cursor.recordOffset;
      setRecordTime(record, cursor.timestampMs, run.judgedMs);
      record.key = cursor.keyStart < 0 ? null : cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd);
      record.value = cursor.valueStart < 0 ? null : cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd);
      runRecord(run);
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    // The time that the batch claims, not the one of the record that happened to be read before.
    setRecordTime(record, batchMs, run.judgedMs);
    addUnreadBatch(run, range, batch, unread, claimed.last, error.message);
  }
}

/**
 * Makes a dead letter of each offset of the batch that could not be read and is in range. A compacted batch has fewer
 * records than offsets, so there may be a dead letter too many, never one too few. The raw bytes go into the first one.
 */
function addUnreadBatch(
  run: TaskRun,
  range: OffsetRange,
  batch: Uint8Array,
  unread: number,
  last: number,
  reason: string,
): void {
  const { record } = run.context;
  // Too few bytes to say which offsets they hold: one dead letter keeps them.
  const firstOffset = Number.isNaN(unread) ? range.firstOffset : Math.max(unread, range.firstOffset);
  const lastOffset = Number.isNaN(last) ? firstOffset : Math.min(last, range.lastOffset);
  const deadLetterCount = Math.min(CORRUPT_DEAD_LETTERS_MAX, lastOffset - firstOffset + 1);
  record.key = null;
  for (let index = 0; index < deadLetterCount; index++) {
    record.offset = firstOffset + index;
    record.value = index === 0 ? batch : null;
    const stored = index === 0 ? "" : `; the batch's bytes are in the dead letter of offset ${firstOffset}`;
    const isOverflow = index === CORRUPT_DEAD_LETTERS_MAX - 1 && record.offset < lastOffset;
    const rest = isOverflow ? `; stands for offsets ${record.offset} to ${lastOffset}` : "";
    addDeadLetter(run, "batch_corrupt", `offset ${record.offset} cannot be read: ${reason}${stored}${rest}`, undefined);
  }
}
