import type { LatencyGroup } from "../codec/task.ts";
import { recordIn, type StageTable } from "./stages.ts";

/** What is known of a bundle when ClickHouse has acknowledged it. Times in ms since 1970. */
export interface AcknowledgedBundle {
  batches: { receivedMs: number; recordCount: number }[];
  latency: LatencyGroup[];
  rowCount: number;
  startedMs: number;
  endedMs: number;
  insertSentMs: number;
  acknowledgedMs: number;
}

/**
 * Adds a bundle to the counts of each stage. The work is by distinct millisecond, not by record: the worker sends sparse
 * counts of times up to its start, and the time from there to the acknowledgement, which only the main thread knows, is
 * added to each.
 */
export function recordBundle(table: StageTable, bundle: AcknowledgedBundle): void {
  const { startedMs, acknowledgedMs } = bundle;
  for (const { receivedMs, recordCount } of bundle.batches)
    table.record("queue", "", startedMs - receivedMs, recordCount);
  if (bundle.rowCount > 0) {
    table.record("process", "", bundle.endedMs - startedMs, bundle.rowCount);
    table.record("insert", "", acknowledgedMs - bundle.insertSentMs, bundle.rowCount);
  }
  for (const group of bundle.latency) {
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
  if (pairs.length === 0) return;
  // Looked up once: to find a cell for each pair took longer than to count in it.
  const all = table.cell(stage, "");
  const own = group === "" ? undefined : table.cell(stage, group);
  for (let index = 0; index < pairs.length; index += 2) {
    const valueMs = pairs[index]! + addMs;
    const count = pairs[index + 1]!;
    recordIn(all, valueMs, count);
    if (own !== undefined) recordIn(own, valueMs, count);
  }
}
