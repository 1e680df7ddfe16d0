import type { TranscodeResult } from "../codec/task.ts";

/** What happened since start, for status line, report and metrics. */
export class Counters {
  stored = 0;
  dead = 0;
  readonly deadByType: Record<string, number> = {};
  readonly coercions: Record<string, number> = {};
  unknownFields = 0;
  unwrapped = 0;
  eventTimeFromKafka = 0;
  late = 0;
  declined = 0;
  inputBytes = 0;
  insertedRanges = 0;
  insertRetries = 0;
  pauses = 0;
  sourceRestarts = 0;
  /** When the first row was acknowledged, ms since 1970. */
  firstRowMs: number | undefined;

  add(cut: { byteLength: number }, stored: number, result: TranscodeResult, acknowledgedMs: number) {
    this.stored += stored;
    this.dead += result.dead.rowCount;
    this.inputBytes += cut.byteLength;
    this.insertedRanges += 1;
    if (stored > 0) this.firstRowMs ??= acknowledgedMs;
    const { counts } = result;
    for (const [name, count] of Object.entries(counts.deadByType)) addTo(this.deadByType, name, count);
    for (const [name, count] of Object.entries(counts.coercions)) addTo(this.coercions, name, count);
    this.unknownFields += counts.unknownFields;
    this.unwrapped += counts.unwrapped;
    this.eventTimeFromKafka += counts.eventTimeFromKafka;
    this.late += counts.late;
    this.declined += counts.declined;
  }
}

function addTo(record: Record<string, number>, name: string, count: number): void {
  record[name] = (record[name] ?? 0) + count;
}
