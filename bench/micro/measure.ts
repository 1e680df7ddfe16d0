import { Bench } from "tinybench";
import { compileKernel, type Optimisation } from "../../src/codec/kernel/testing/compile-assembly.ts";
import { createKernelTranscoder } from "../../src/codec/kernel/transcoder.ts";
import { createReferenceTranscoder } from "../../src/codec/reference/transcoder.ts";
import type { Transcoder, TranscodeTask } from "../../src/codec/task.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { loadKernelModule } from "../../workers/kernel-module.ts";
import { eventsTask, factPlan, valuesOf } from "./events.ts";
import { type Variant, variants } from "./variants.ts";

export interface MicroOptions {
  events: number;
  /** Of each case, ms. */
  caseMs: number;
  /** Of the lost variants; undefined: they are left out. Only `full` tells what they cost. */
  variants: Optimisation | undefined;
}

export interface MicroResult {
  name: string;
  eventsPerSecond: number;
  nsPerEvent: number;
  /** Times as fast as JSON.parse on the same events. */
  ratio: number;
  /** Half width of the mean's 95 % interval, as a share. */
  margin: number;
}

export const jsonParseCase = "JSON.parse of the values, bytes to objects";
export const kernelCase = "kernel, batch to RowBinary";

/**
 * Measures the codec in this process, on one thread: the same seeded events for every case, as record batches without
 * compression and with lz4. Every transcoder's output is compared first.
 *
 * @throws MillraceError E_INCOMPLETE when a case's output is not the reference's.
 */
export async function measureMicro(options: MicroOptions, log: (line: string) => void): Promise<MicroResult[]> {
  const plan = factPlan();
  const plain = eventsTask(plan, options.events, "none");
  const lz4 = eventsTask(plan, options.events, "lz4");
  const values = valuesOf(plain);
  const reference = createReferenceTranscoder(plan, nodeInflaters);
  const kernel = createKernelTranscoder(plan, nodeInflaters, loadKernelModule());
  const bench = new Bench({ time: options.caseMs, warmupTime: options.caseMs / 2, iterations: 3, warmupIterations: 2 });
  bench.add(jsonParseCase, () => {
    for (const value of values) JSON.parse(value.toString());
  });
  const add = (name: string, transcoder: Transcoder, task: TranscodeTask) => {
    assertSameOutput(name, reference, transcoder, task);
    // As in the pipeline: the rows are written into the buffer of rows that have been stored.
    let spare: ArrayBuffer | undefined;
    bench.add(name, () => {
      const { rows } = transcoder.run(spare === undefined ? task : { ...task, spare }, Date.now);
      spare = rows.bytes.buffer;
    });
  };
  add(kernelCase, kernel, plain);
  add("kernel, batch to Native", kernel, { ...plain, format: "native" });
  add("kernel, lz4 batch to RowBinary", kernel, lz4);
  add("kernel, lz4 batch to Native", kernel, { ...lz4, format: "native" });
  add("reference, batch to RowBinary", reference, plain);
  add("reference, batch to Native", reference, { ...plain, format: "native" });
  for (const variant of options.variants === undefined ? [] : variants) {
    log(`building: ${variant.name}`);
    const transcoder = await buildVariant(variant);
    for (const format of variant.formats) {
      const formatName = format === "rows" ? "RowBinary" : "Native";
      add(`  lost: ${variant.name} (${formatName})`, transcoder, { ...plain, format });
    }
  }
  log(`measuring ${bench.tasks.length} cases of ${options.caseMs} ms`);
  await bench.run();
  return summarise(bench, options.events);

  async function buildVariant(variant: Variant): Promise<Transcoder> {
    const module = new WebAssembly.Module(await compileKernel(variant.patches, options.variants));
    return createKernelTranscoder(plan, nodeInflaters, module);
  }
}

function assertSameOutput(name: string, reference: Transcoder, transcoder: Transcoder, task: TranscodeTask): void {
  // One clock for both: the horizon and the latencies look at it.
  const now = Date.now();
  const wanted = reference.run(task, () => now);
  const found = transcoder.run(task, () => now);
  const isSame = wanted.deadLetters.rowCount === 0 && Buffer.compare(wanted.rows.bytes, found.rows.bytes) === 0;
  if (isSame && wanted.rows.rowCount === found.rows.rowCount) return;
  throw new MillraceError("E_INCOMPLETE", `"${name}" does not make the rows that the reference makes: no figures`);
}

function summarise(bench: Bench, events: number): MicroResult[] {
  const times = bench.tasks.map(({ name, result }) => {
    if (result.state === "completed") return { name, ms: result.latency.p50, margin: result.latency.rme / 100 };
    const cause = "error" in result ? result.error : undefined;
    throw new MillraceError("E_INCOMPLETE", `The case "${name}" ${result.state}: ${cause?.message}`, { cause });
  });
  const jsonParseMs = times[0]!.ms;
  return times.map(({ name, ms, margin }) => ({
    name,
    eventsPerSecond: Math.round((events / ms) * 1_000),
    nsPerEvent: Math.round((ms / events) * 1e6),
    ratio: jsonParseMs / ms,
    margin,
  }));
}
