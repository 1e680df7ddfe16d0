import { inflate } from "../../src/codec/inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "../../src/codec/records.ts";
import { readBatchHeader } from "../../src/codec/records-header.ts";
import type { TranscodeTask } from "../../src/codec/task.ts";
import { batchesOf, packBatches } from "../../src/codec/task-buffers.ts";
import { deadLetterPlanColumns } from "../../src/codec/testing/plan.ts";
import { BATCH_HEADER_BYTES } from "../../src/core/record-batch-header.ts";
import { buildPlan } from "../../src/schema/build-plan.ts";
import { parsePipeline } from "../../src/schema/pipeline-file.ts";
import type { TablePlan } from "../../src/schema/plan.ts";
import type { TableColumn } from "../../src/schema/read-table.ts";
import { finishRecordBatch, RecordBatchBuilder } from "../../src/simulator/record-batch.ts";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { factPipeline } from "../e2e/fact-pipeline.ts";
import { factTable } from "../e2e/table.ts";
import { simulatorDocuments } from "../e2e/topic.ts";

const TOPIC = "bench.events";
const SEED = 20_260_103;
/** About what a producer with linger sends: 90 KiB before compression. */
const RECORDS_PER_BATCH = 250;

/** The plan of the end-to-end bench's table: 13 to 16 keys into 19 columns, nine of them LowCardinality. */
export function factPlan(): TablePlan {
  const pipeline = parsePipeline(factPipeline({ topic: TOPIC, table: factTable.name }), "bench.yaml");
  const plain = (name: string, type: string): TableColumn => ({ name, type, defaultKind: "", defaultExpression: "" });
  return buildPlan(
    pipeline,
    factTable.columns.map(({ name, type }) => plain(name, type)),
    deadLetterPlanColumns.map(({ name, type }) => plain(name, type.text)),
  );
}

/** Record batches of the simulator's events, seeded, back to back, as a task over all of them. */
export function eventsTask(plan: TablePlan, events: number, compression: "none" | "lz4"): TranscodeTask {
  const next = simulatorDocuments(events, SEED, "http");
  const builder = new RecordBatchBuilder();
  const batches: Buffer[] = [];
  let baseOffset = 0;
  for (let index = 0; index < events; index++) {
    const { bytes, length } = next(index);
    builder.append(Date.now(), null, bytes, length);
    if (builder.recordCount < RECORDS_PER_BATCH && index < events - 1) continue;
    const { recordCount } = builder;
    const batch = builder.seal(compression);
    batch.writeBigInt64BE(BigInt(baseOffset));
    finishRecordBatch(batch, { producerId: -1n, producerEpoch: -1, baseSequence: -1 });
    batches.push(batch);
    baseOffset += recordCount;
  }
  const receivedMs = Date.now();
  return {
    planKey: plan.key,
    format: "rows",
    sections: [{ topic: TOPIC, partition: 0, firstOffset: 0, lastOffset: events - 1, batchCount: batches.length }],
    ...packBatches(batches, receivedMs),
    judgedMs: receivedMs,
    refused: [],
  };
}

/** The values of a task's records, inflated: what JSON.parse gets to see. */
export function valuesOf(task: TranscodeTask): Buffer[] {
  const values: Buffer[] = [];
  const cursor = new RecordCursor();
  for (const batch of batchesOf(task)) {
    const header = readBatchHeader(batch, 0, batch.length);
    const records = batch.subarray(BATCH_HEADER_BYTES);
    openRecords(cursor, header, inflate(header.compression, records, nodeInflaters));
    while (nextRecord(cursor)) {
      values.push(Buffer.from(cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd)));
    }
  }
  return values;
}
