import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { runFuzzRound } from "../src/codec/kernel/testing/fuzz-run.ts";
import { emptyCounts, Finding, type FuzzCounts } from "../src/codec/kernel/testing/transcoder-pair.ts";
import { loadKernelModule } from "../workers/kernel-module.ts";

/**
 * `npm run fuzz:kernel -- --batches 10000000 --seed 1 [--seconds T] [--round N]`: mutated record batches through the
 * kernel and through the reference. Exits 1 with the seed, the round and a file that holds plan and task as soon as
 * anything differs, the kernel traps, hangs, or leaves its memory otherwise than it should be; `--seed S --round N`
 * then plays that round again.
 */

/** Tasks of one round, of eight batches each. */
const TASKS_A_ROUND = 250;
/** No task takes a hundredth of this; what does has no end. */
const HANG_MS = 30_000;
const REPORT_MS = 10_000;

interface FuzzRequest {
  seed: number;
  firstRound: number;
  batches: number;
  endMs: number;
  /** Rounds done, and tasks done of all rounds: what the other thread sees when this one hangs. */
  beats: SharedArrayBuffer;
}

type FuzzMessage =
  | { kind: "counts"; counts: FuzzCounts; round: number }
  | { kind: "finding"; counts: FuzzCounts; round: number; message: string; reproducer: string }
  | { kind: "end"; counts: FuzzCounts; round: number };

if (isMainThread) await watch();
else fuzz(workerData as FuzzRequest);

/** The thread that runs the rounds. */
function fuzz({ seed, firstRound, batches, endMs, beats }: FuzzRequest): void {
  // Every batch that cannot be read throws, and a stack trace costs more than its batch.
  Error.stackTraceLimit = 0;
  const module = loadKernelModule();
  const counts = emptyCounts();
  const beat = new Int32Array(beats);
  let reportedMs = Date.now();
  let round = firstRound;
  for (; counts.batches < batches && Date.now() < endMs; round++) {
    Atomics.store(beat, 0, round);
    try {
      runFuzzRound({ module, seed, round, tasks: TASKS_A_ROUND, counts, beat: () => Atomics.add(beat, 1, 1) });
    } catch (error) {
      const reproducer = error instanceof Finding ? describeTask(error) : "";
      const message = error instanceof Finding ? error.message : String(error instanceof Error ? error.stack : error);
      post({ kind: "finding", counts, round, message, reproducer });
      return;
    }
    if (Date.now() - reportedMs < REPORT_MS) continue;
    reportedMs = Date.now();
    post({ kind: "counts", counts, round });
  }
  post({ kind: "end", counts, round });
}

function post(message: FuzzMessage): void {
  parentPort!.postMessage(message);
}

function describeTask({ plan, task }: Finding): string {
  const buffers = task.buffers.map((buffer) => Buffer.from(buffer).toString("base64"));
  return JSON.stringify({ plan, task: { ...task, buffers } }, undefined, 2);
}

async function watch(): Promise<void> {
  const { values } = parseArgs({
    options: {
      batches: { type: "string", default: "10000000" },
      seed: { type: "string", default: "1" },
      seconds: { type: "string", default: "86400" },
      round: { type: "string" },
    },
  });
  const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
  const beats = new SharedArrayBuffer(8);
  const startedMs = Date.now();
  const request: FuzzRequest = {
    seed,
    firstRound: Number(values.round ?? 0),
    batches: values.round === undefined ? Number(values.batches) : 1,
    endMs: startedMs + seconds * 1_000,
    beats,
  };
  const worker = new Worker(new URL(import.meta.url), { workerData: request });
  const guard = watchBeats(worker, new Int32Array(beats), seed);
  const ended = await new Promise<FuzzMessage>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (message: FuzzMessage) => {
      if (message.kind !== "counts") resolve(message);
      else process.stderr.write(`${progress(message, startedMs)}\n`);
    });
  });
  clearInterval(guard);
  await worker.terminate();
  console.log(JSON.stringify({ seed, rounds: ended.round - request.firstRound, ...ended.counts }));
  process.stderr.write(`${progress(ended, startedMs)}\n`);
  if (ended.kind !== "finding") return;
  fail(seed, ended.round, ended.message, ended.reproducer);
}

function progress({ counts, round }: FuzzMessage, startedMs: number): string {
  const seconds = (Date.now() - startedMs) / 1_000;
  return (
    `${counts.batches} batches in ${round} rounds, ${Math.round(counts.batches / seconds)}/s; ` +
    `${counts.records} records, ${counts.rows} rows, ${counts.declined} declined, largest memory ${counts.memoryBytesMax}`
  );
}

/** A WebAssembly loop without end cannot be interrupted: the thread is ended, and the round says what it ran. */
function watchBeats(worker: Worker, beats: Int32Array, seed: number): NodeJS.Timeout {
  let last = -1;
  let sinceMs = Date.now();
  return setInterval(() => {
    const now = Atomics.load(beats, 1);
    if (now !== last) {
      last = now;
      sinceMs = Date.now();
    } else if (Date.now() - sinceMs > HANG_MS) {
      void worker.terminate();
      fail(seed, Atomics.load(beats, 0), `no task ended for ${HANG_MS} ms`, "");
    }
  }, 1_000);
}

function fail(seed: number, round: number, message: string, reproducer: string): never {
  process.stderr.write(`${message}\nAgain: npm run fuzz:kernel -- --seed ${seed} --round ${round}\n`);
  if (reproducer !== "") {
    const file = join(mkdtempSync(join(tmpdir(), "fuzz-kernel-")), "task.json");
    writeFileSync(file, reproducer);
    process.stderr.write(`Plan and task: ${file}\n`);
  }
  process.exit(1);
}
