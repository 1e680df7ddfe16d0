import { Piscina } from "piscina";
import type { TranscodeResult, TranscodeTask } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import type { TranscoderName } from "../../core/transcoding.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { RawBundle } from "./raw-bundle.ts";

const transcodeFile = new URL("../../../workers/transcode.ts", import.meta.url);

/** A worker thread ended, or threw, in the middle of a task. The task's buffers are gone. */
export class WorkerEnded extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "WorkerEnded";
  }
}

export interface WorkerPool {
  /** Resolves when each worker has its plans compiled. @throws MillraceError E_WORKER when one cannot. */
  prepare(): Promise<void>;
  /** Transcodes one task. Its buffers are moved to the worker; the input comes back in the result. @throws WorkerEnded */
  run(task: TranscodeTask): Promise<TranscodeResult>;
  /** How many there are. */
  readonly count: number;
  /** Tasks that wait for one. */
  readonly queued: number;
  /** How long they have worked, all together, since the start. */
  readonly busyMs: number;
  close(): Promise<void>;
}

/**
 * Worker threads that hold the table plans. The number is fixed: Piscina's defaults (1.5 × cores, unbounded queue) would
 * starve ClickHouse on a small machine. The queue is bounded by the byte budget of the caller.
 */
export function createWorkerPool(
  plans: TablePlan[],
  workers: number,
  transcoder: TranscoderName,
  workerFile = transcodeFile,
): WorkerPool {
  const pool = new Piscina({
    filename: workerFile.href,
    workerData: { plans, transcoder },
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    idleTimeout: 0x7fffffff,
  });
  let busyMs = 0;
  return {
    count: workers,
    get queued() {
      return pool.queueSize;
    },
    get busyMs() {
      return busyMs;
    },
    async prepare() {
      // Each worker takes one task at a time, so that each gets one of these.
      const prepared = Array.from({ length: workers }, () => pool.run(undefined, { name: "prepare" }));
      await Promise.all(prepared).catch((cause) => {
        throw new MillraceError("E_WORKER", `The worker threads cannot be used: ${cause?.message ?? cause}`, { cause });
      });
    },
    async run(task) {
      const transferList = [...task.buffers];
      if (task.spare !== undefined) transferList.push(task.spare);
      const result: TranscodeResult = await pool.run(task, { transferList }).catch((error) => {
        throw new WorkerEnded(error);
      });
      busyMs += result.endedMs - result.startedMs;
      return result;
    },
    close: () => pool.destroy(),
  };
}

/** The task that turns a bundle into rows. It takes the bundle's buffers over. */
export function taskOf(
  { planKey, ranges, buffers, judgedMs }: RawBundle,
  format: TranscodeTask["format"],
): TranscodeTask {
  const sections = ranges.map(({ topic, partition, firstOffset, lastOffset, batches }) => ({
    ...{ topic, partition, firstOffset, lastOffset },
    batchCount: batches.length,
  }));
  const batches = ranges.flatMap((range) => range.batches);
  return { planKey, format, sections, buffers, batches, judgedMs, refused: [] };
}
