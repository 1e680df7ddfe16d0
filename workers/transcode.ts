import { workerData } from "node:worker_threads";
import { move, transferableSymbol, valueSymbol } from "piscina";
import { createFieldSampler, type FieldSampler } from "../src/codec/field-sample.ts";
import { createKernelTranscoder } from "../src/codec/kernel/transcoder.ts";
import { createReferenceTranscoder } from "../src/codec/reference/transcoder.ts";
import type { TranscodeResult, Transcoder, TranscodeTask } from "../src/codec/task.ts";
import { transferListOf } from "../src/codec/transfer-list.ts";
import type { TranscoderName } from "../src/core/transcoding.ts";
import type { TablePlan } from "../src/schema/plan.ts";
import { nodeInflaters } from "./inflaters.ts";
import { loadKernelModule } from "./kernel-module.ts";

/** One thread: record batches in, rows out. No timers, no network, no environment. */

const { plans, transcoder: name } = workerData as { plans: TablePlan[]; transcoder: TranscoderName };
const kernel = name === "kernel" ? loadKernelModule() : undefined;
const create: { [Name in TranscoderName]?: typeof createReferenceTranscoder } = {
  reference: createReferenceTranscoder,
  kernel: (plan, inflaters) => createKernelTranscoder(plan, inflaters, kernel!),
};
// The set of plans is fixed for the life of the pool.
const transcoders = new Map<string, { transcoder: Transcoder; sample: FieldSampler }>();

/** Compiles all plans. A worker that has not done so does it as tasks come, and they wait for it. */
export function prepare(): void {
  for (const { key } of plans) transcoderFor(key);
}

export default function transcode(task: TranscodeTask) {
  const { transcoder, sample } = transcoderFor(task.planKey);
  const fields = sample(task);
  const result: TranscodeResult = { ...transcoder.run(task, Date.now), fields };
  // Moved, not cloned: this thread must not touch the buffers after this line.
  return move({ [transferableSymbol]: transferListOf(result), [valueSymbol]: result });
}

function transcoderFor(planKey: string) {
  let compiled = transcoders.get(planKey);
  if (compiled === undefined) {
    const plan = plans.find(({ key }) => key === planKey);
    if (plan === undefined) throw new Error(`Plan ${planKey} is not among the worker's plans`);
    const transcoder = create[name]?.(plan, nodeInflaters);
    if (transcoder === undefined) throw new Error(`Transcoder ${name} is not among the worker's transcoders`);
    compiled = { transcoder, sample: createFieldSampler(plan, nodeInflaters) };
    transcoders.set(planKey, compiled);
  }
  return compiled;
}
