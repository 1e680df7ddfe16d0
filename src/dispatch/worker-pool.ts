import { Piscina } from "piscina";
import type { TranscodeResult, TranscodeTask } from "../codec/task.ts";
import type { TranscoderName } from "../core/transcoding.ts";
import type { TablePlan } from "../schema/plan.ts";
import type { Cut } from "./accumulator.ts";

const workerFile = new URL("../../workers/transcode.ts", import.meta.url).href;

export interface WorkerPool {
  /** Transcodes one task. Its input buffer is moved to the worker and comes back in the result. */
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
    run: (task) => pool.run(task, { transferList: [task.input] }),
    close: () => pool.destroy(),
  };
}

/** Copies a cut's batches into one buffer of their own: what they are views of is shared with other partitions. */
export function taskOf(cut: Cut, planKey: string, format: TranscodeTask["format"]): TranscodeTask {
  const input = new Uint8Array(cut.byteLength);
  let at = 0;
  for (const batch of cut.batches) {
    input.set(batch.bytes, at);
    at += batch.bytes.byteLength;
  }
  return { ...taskOn(cut, planKey, input.buffer), format };
}

/** The task, by rows, of a cut whose bytes lie in `input` already: a buffer that came back from a worker. */
export function taskOn(cut: Cut, planKey: string, input: ArrayBuffer): TranscodeTask {
  const { topic, partition, firstOffset, lastOffset } = cut;
  const batches = cut.batches.map(({ bytes, receivedMs }) => ({ byteLength: bytes.byteLength, receivedMs }));
  return { planKey, format: "rows", topic, partition, input, batches, firstOffset, lastOffset, refused: [] };
}
