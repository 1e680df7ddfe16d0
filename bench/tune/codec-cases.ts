import type { ClickHouseClient } from "@clickhouse/client";
import { Bench } from "tinybench";
import type { TranscodeTask } from "../../src/codec/task.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { BufferPool } from "../../src/core/buffer-pool.ts";
import { MillraceError } from "../../src/core/errors.ts";
import type { InsertFormat, TranscoderName } from "../../src/core/transcoding.ts";
import { BundleCollector } from "../../src/ingest/dispatch/bundle-collector.ts";
import { createWorkerPool, taskOf } from "../../src/ingest/dispatch/worker-pool.ts";
import { buildPlan } from "../../src/schema/build-plan.ts";
import { eventsPipeline } from "../../src/schema/events-pipeline.ts";
import { deadLetterTable } from "../../src/schema/pipeline.ts";
import { readTable } from "../../src/schema/read-table.ts";
import { prepareBatches, stampBatch } from "../latency/replay-batch.ts";

/** Rows per task, and how fast one worker is with tasks of that size. */
export interface CodecFigures {
  rows: number;
  /** At the median time of a task. */
  eventsPerSecond: number;
  /** Half width of the mean's 95 % interval, as a share. */
  margin: number;
  taskMs: number;
}

const TOPIC = "logs.auth";
const SEED = 20_260_103;
const RECORDS_PER_BATCH = 250;
const BATCHES = 8;
/** Sizes whose speed is this near to the best are as good: larger tasks only cost memory and latency. */
const PLATEAU = 0.95;

/**
 * Measures the real codec, in the real worker, on lz4 batches of the simulator's events: one case per task size. The hop
 * to the thread and back is part of it, as it is part of every flush.
 */
export async function measureCodec(
  client: ClickHouseClient,
  options: { sizes: readonly number[]; caseMs: number; transcoder: TranscoderName; insertFormat: InsertFormat },
): Promise<CodecFigures[]> {
  const deadLetters = await readTable(client, deadLetterTable);
  const plan = buildPlan(eventsPipeline, await readTable(client, eventsPipeline.table), deadLetters);
  const pool = createWorkerPool([plan], 1, options.transcoder);
  try {
    const bench = new Bench({
      time: options.caseMs,
      warmupTime: options.caseMs / 4,
      iterations: 3,
      warmupIterations: 1,
    });
    for (const rows of options.sizes) {
      const task = makeTask(rows, plan.key, options.insertFormat);
      bench.add(String(rows), async () => {
        const result = await pool.run(task);
        // Moved back: the next iteration sends the same bytes.
        task.buffers = result.buffers;
        if (result.recordCount !== rows || result.rows.rowCount !== rows) {
          throw new MillraceError("E_INCOMPLETE", `of ${rows} events ${result.rows.rowCount} became rows`);
        }
      });
    }
    await bench.run();
    return bench.tasks.map((task) => {
      const { result } = task;
      if (result.state !== "completed") {
        const cause = "error" in result ? result.error : undefined;
        throw new MillraceError("E_INCOMPLETE", `the codec case ${task.name} ${result.state}: ${cause?.message}`, {
          cause,
        });
      }
      const rows = Number(task.name);
      return {
        rows,
        eventsPerSecond: Math.round((rows * 1_000) / result.latency.p50),
        margin: Math.round(result.latency.rme * 10) / 1_000,
        taskMs: Math.round(result.latency.p50 * 100) / 100,
      };
    });
  } finally {
    await pool.close();
  }
}

/** The smallest size on the plateau. */
export function smallestGoodSize(figures: readonly CodecFigures[]): number {
  const best = Math.max(...figures.map(({ eventsPerSecond }) => eventsPerSecond));
  return figures.find(({ eventsPerSecond }) => eventsPerSecond >= best * PLATEAU)!.rows;
}

function makeTask(rows: number, planKey: string, insertFormat: InsertFormat): TranscodeTask {
  const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed: SEED };
  const prepared = prepareBatches(source, new Map([[TOPIC, RECORDS_PER_BATCH]]), BATCHES, "lz4").get(TOPIC)!;
  const nowMs = Date.now();
  const collector = new BundleCollector(planKey, new BufferPool(() => 0));
  collector.begin({ topic: TOPIC, partition: 0, offset: 0 });
  for (let index = 0; index < rows / RECORDS_PER_BATCH; index++) {
    const bytes = stampBatch(prepared[index % BATCHES]!, nowMs, 0, nowMs);
    const baseOffset = index * RECORDS_PER_BATCH;
    bytes.writeBigInt64BE(BigInt(baseOffset), 0); // as a broker does: the checksum leaves the offset out
    collector.accept(
      {
        topic: TOPIC,
        partition: 0,
        fetchOffset: baseOffset,
        baseOffset,
        lastOffset: baseOffset + RECORDS_PER_BATCH - 1,
        recordCount: RECORDS_PER_BATCH,
        bytes,
        receivedMs: nowMs,
      },
      0,
    );
  }
  return taskOf(collector.cut(nowMs, 0)!, insertFormat === "native" ? "native" : "rows");
}
