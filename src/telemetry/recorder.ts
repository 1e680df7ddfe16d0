import type { LatencyGroup } from "../codec/task.ts";
import type { StageTable } from "./stages.ts";

/** What is known of one durable batch when ClickHouse has acknowledged it. Times in ms since 1970. */
export interface DurableBatch {
  batches: { receivedMs: number; recordCount: number }[];
  latency: LatencyGroup[];
  rowCount: number;
  startedMs: number;
  endedMs: number;
  insertSentMs: number;
  acknowledgedMs: number;
}

/**
 * Turns a durable batch into records of each stage. The work is by distinct millisecond, not by record: the worker sends
 * sparse counts relative to its start, and what the main thread alone knows is added to each.
 */
export function recordBatch(table: StageTable, batch: DurableBatch): void {
  const { startedMs, acknowledgedMs } = batch;
  for (const { receivedMs, recordCount } of batch.batches)
    table.record("queue", "", startedMs - receivedMs, recordCount);
  if (batch.rowCount > 0) {
    table.record("process", "", batch.endedMs - startedMs, batch.rowCount);
    table.record("insert", "", acknowledgedMs - batch.insertSentMs, batch.rowCount);
  }
  for (const group of batch.latency) {
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
