import type { TranscodeResult } from "../codec/task.ts";
import { latenessBands, noLateRows } from "../core/lateness.ts";

/** What happened since start, for status line, report and metrics. */
export class Counters {
  stored = 0;
  dead = 0;
  readonly deadByType: Record<string, number> = {};
  readonly coercions: Record<string, number> = {};
  unknownFields = 0;
  unwrapped = 0;
  eventTimeFromKafka = 0;
  readonly lateByBand = noLateRows();
  declined = 0;
  inputBytes = 0;
  insertedRanges = 0;
  insertRetries = 0;
  /** Times that ClickHouse said it has too much to do. */
  slowDowns = 0;
  /** Inserts that came after their deadline and wrote nothing. */
  lateInserts = 0;
  /** Inserts sent in parts because they touch too many partitions of the table. */
  splitInserts = 0;
  /** Ranges of an earlier owner that were announced and are repeated. */
  replayedRanges = 0;
  /** Ranges that were given up because the partition is another owner's now. */
  abandonedRanges = 0;
  /** Offsets whose records retention deleted before they were read. */
  lostOffsets = 0;
  /** Topics and partitions that should be read, and at present are not: absent, without a leader, or failing. */
  unread = 0;
  workerRestarts = 0;
  pauses = 0;
  sourceRestarts = 0;
  /** When the first row was acknowledged, by `performance.now()`. */
  firstRowMs: number | undefined;

  add(cut: { byteLength: number }, stored: number, result: TranscodeResult) {
    this.stored += stored;
    this.dead += result.dead.rowCount;
    this.inputBytes += cut.byteLength;
    this.insertedRanges += 1;
    if (stored > 0) this.firstRowMs ??= performance.now();
    const { counts } = result;
    for (const [name, count] of Object.entries(counts.deadByType)) addTo(this.deadByType, name, count);
    for (const [name, count] of Object.entries(counts.coercions)) addTo(this.coercions, name, count);
    this.unknownFields += counts.unknownFields;
    this.unwrapped += counts.unwrapped;
    this.eventTimeFromKafka += counts.eventTimeFromKafka;
    for (const { name } of latenessBands) this.lateByBand[name] += counts.lateByBand[name];
    this.declined += counts.declined;
  }
}

function addTo(record: Record<string, number>, name: string, count: number): void {
  record[name] = (record[name] ?? 0) + count;
}
