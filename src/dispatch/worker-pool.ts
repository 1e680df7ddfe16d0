import { Piscina } from "piscina";
import type { TranscodeResult, TranscodeTask } from "../codec/task.ts";
import type { BufferPool } from "../core/buffer-pool.ts";
import type { TranscoderName } from "../core/transcoding.ts";
import type { TablePlan } from "../schema/plan.ts";
import type { Cut } from "./accumulator.ts";

const workerFile = new URL("../../workers/transcode.ts", import.meta.url).href;

export interface WorkerPool {
  /** Transcodes one task. Its buffers are moved to the worker; the input comes back in the result. */
  run(task: TranscodeTask): Promise<TranscodeResult>;
  close(): Promise<void>;
}

/**
 * Worker threads that hold the table plans. The number is fixed: Piscina's defaults (1.5 × cores, unbounded queue) would
 * starve ClickHouse on a small machine. The queue is bounded by the byte budget of the caller.
 */
export function createWorkerPool(plans: TablePlan[], workers: number, transcoder: TranscoderName): WorkerPool {
  const pool = new Piscina({
    filename: workerFile,
    workerData: { plans, transcoder },
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    idleTimeout: 0x7fffffff,
  });
  return {
    run: (task) => pool.run(task, { transferList: task.spare ? [task.input, task.spare] : [task.input] }),
    close: () => pool.destroy(),
  };
}

/**
 * Copies a cut's batches into one buffer, which may be longer than they are, and releases them: what they are views of
 * is shared with other partitions, and is reused.
 */
export function taskOf(cut: Cut, planKey: string, format: TranscodeTask["format"], buffers: BufferPool): TranscodeTask {
  const { topic, partition, firstOffset, lastOffset } = cut;
  const input = buffers.take(cut.byteLength);
  const bytes = new Uint8Array(input);
  let at = 0;
  for (const batch of cut.batches) {
    bytes.set(batch.bytes, at);
    at += batch.bytes.byteLength;
  }
  const batches = cut.batches.map(({ bytes: { byteLength }, receivedMs }) => ({ byteLength, receivedMs }));
  for (const { release } of cut.batches) release?.();
  return { planKey, format, topic, partition, input, batches, firstOffset, lastOffset, refused: [] };
}
