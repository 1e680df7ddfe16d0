import { Piscina } from "piscina";
import type { TranscodeResult, TranscodeTask } from "../codec/task.ts";
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
    run(task) {
      const transferList = inputBuffers(task);
      if (task.spare !== undefined) transferList.push(task.spare);
      return pool.run(task, { transferList });
    },
    close: () => pool.destroy(),
  };
}

/** The task that turns a cut into rows. It takes the cut's buffers over. */
export function taskOf(cut: Cut, planKey: string, format: TranscodeTask["format"]): TranscodeTask {
  const { topic, partition, firstOffset, lastOffset } = cut;
  const [input, ...further] = cut.buffers as [ArrayBuffer, ...ArrayBuffer[]];
  const batches = cut.batches.map(({ byteLength, receivedMs }) => ({ byteLength, receivedMs }));
  return { planKey, format, topic, partition, input, further, batches, firstOffset, lastOffset, refused: [] };
}

/** The buffers that a task, or its result, moves between the threads. */
export function inputBuffers({ input, further }: Pick<TranscodeTask, "input" | "further">): ArrayBuffer[] {
  return [input, ...(further ?? [])];
}
