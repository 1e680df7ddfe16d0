import type { LatencyGroup } from "../codec/task.ts";
import type { StageTable } from "./stages.ts";

/** What is known of a range when ClickHouse has acknowledged it. Times in ms since 1970. */
export interface AcknowledgedRange {
  batches: { receivedMs: number; recordCount: number }[];
  latency: LatencyGroup[];
  rowCount: number;
  startedMs: number;
  endedMs: number;
  insertSentMs: number;
  acknowledgedMs: number;
}

/**
 * Adds a range to the counts of each stage. The work is by distinct millisecond, not by record: the worker sends sparse
 * counts of times up to its start, and the time from there to the acknowledgement, which only the main thread knows, is
 * added to each.
 */
export function recordRange(table: StageTable, range: AcknowledgedRange): void {
  const { startedMs, acknowledgedMs } = range;
  for (const { receivedMs, recordCount } of range.batches)
    table.record("queue", "", startedMs - receivedMs, recordCount);
  if (range.rowCount > 0) {
    table.record("process", "", range.endedMs - startedMs, range.rowCount);
    table.record("insert", "", acknowledgedMs - range.insertSentMs, range.rowCount);
  }
  for (const group of range.latency) {
    const afterStartMs = acknowledgedMs - startedMs;
    recordPairs(table, "produce", group.group, group.produce, 0);
    recordPairs(table, "fetch", group.group, group.fetch, 0);
    recordPairs(table, "pipeline", group.group, group.recordAge, afterStartMs);
    recordPairs(table, "e2e", group.group, group.eventAge, afterStartMs);
  }
}

function recordPairs(
  table: StageTable,
  stage: "produce" | "fetch" | "pipeline" | "e2e",
  group: string,
  pairs: Float64Array,
  addMs: number,
): void {
  for (let index = 0; index < pairs.length; index += 2) {
    const valueMs = pairs[index]! + addMs;
    const count = pairs[index + 1]!;
    table.record(stage, "", valueMs, count);
    if (group !== "") table.record(stage, group, valueMs, count);
  }
}
