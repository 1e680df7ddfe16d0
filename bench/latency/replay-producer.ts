import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { build } from "hdr-histogram-js";
import { parseCount, parseDurationMs } from "../../src/config/parse-values.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { isMain } from "../common/is-main.ts";
import { serveReady } from "../common/ready-entry.ts";
import { prepareBatches, type ReplayBatch, type ReplayCompression, stampBatch, topicShares } from "./replay-batch.ts";
import { connectReplay, type ReplayConnection } from "./replay-connection.ts";
import { type LaneShape, openLanes, recordsPerBatch, takeDue } from "./replay-schedule.ts";

/**
 * The load generator of the latency bench: an open loop over prepared batches.
 *
 * What it sends when is fixed before it starts. When it, the broker or the network falls behind, the events keep the
 * times at which they were meant to be sent, so the wait is part of every latency measured from them: nothing is
 * omitted in coordination with the system under test. Run as a process of its own, so that its CPU is told apart.
 */

export interface ReplayOptions {
  brokers: string[];
  eventsPerSecond: number;
  durationMs: number;
  compression: ReplayCompression;
  seed: number;
}

export interface ReplayReport {
  /** Events due in the time. */
  scheduled: number;
  /** Acknowledged by the broker. */
  acknowledged: number;
  /** By the clock, from the first window to the last acknowledgement. */
  durationMs: number;
  /** How much later than due a batch was handed to the connection. */
  lateMs: { p50: number; p99: number; max: number };
  /** From the connection to the broker's acknowledgement. */
  acknowledgeMs: { p50: number; p99: number; max: number };
  cpuSeconds: number;
  /** Why it stopped early, if it did. */
  failure: string | undefined;
}

const TICK_MS = 5;
const BATCHES_PER_TOPIC = 6;
/** Sent and not acknowledged: a broker that is this far behind will not come back at this rate. */
const IN_FLIGHT_BYTES_MAX = 256 * 1024 * 1024;
const ACKNOWLEDGE_MAX_MS = 20_000;

/** Prepares all batches and connects. `run` sends them; `close` must follow. */
async function openReplay(options: ReplayOptions): Promise<{ run(): Promise<ReplayReport>; close(): Promise<void> }> {
  const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed: options.seed };
  const shares = topicShares(source);
  const connection = await connectReplay(options.brokers, [...shares.keys()]);
  const shapes = [...shares].map(([topic, share]) => ({ topic, share, partitions: connection.partitionsOf(topic) }));
  const records = new Map(shapes.map((shape) => [shape.topic, recordsPerBatch(shape, options.eventsPerSecond)]));
  const batches = prepareBatches(source, records, BATCHES_PER_TOPIC, options.compression);
  return { run: () => replay(options, connection, shapes, batches), close: () => connection.close() };
}

function newHistogram() {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 3_600_000, numberOfSignificantValueDigits: 3 });
}

async function replay(
  options: ReplayOptions,
  connection: ReplayConnection,
  shapes: readonly LaneShape[],
  batches: ReadonlyMap<string, readonly ReplayBatch[]>,
): Promise<ReplayReport> {
  const late = newHistogram();
  const acknowledge = newHistogram();
  const cpuAtStart = process.cpuUsage();
  const startMs = Date.now();
  const endMs = startMs + options.durationMs;
  const lanes = openLanes(shapes, options.eventsPerSecond, startMs);
  let scheduled = 0;
  let acknowledged = 0;
  let inFlight = 0;
  let inFlightBytes = 0;
  let failure: string | undefined;

  const sendDue = (nowMs: number) => {
    const due = takeDue(lanes, nowMs, endMs);
    if (due.length === 0) return;
    let count = 0;
    const ready = due.map(({ lane, fromMs, stepMs, dueMs }) => {
      const prepared = batches.get(lane.topic)!;
      const batch = prepared[lane.next++ % prepared.length]!;
      late.recordValueWithCount(Math.max(0, Math.round(nowMs - dueMs)), batch.recordCount);
      count += batch.recordCount;
      return { topic: lane.topic, partition: lane.partition, bytes: stampBatch(batch, fromMs, stepMs, nowMs) };
    });
    const bytes = ready.reduce((sum, batch) => sum + batch.bytes.length, 0);
    scheduled += count;
    inFlight += 1;
    inFlightBytes += bytes;
    connection
      .send(ready)
      .then(
        () => {
          acknowledged += count;
          acknowledge.recordValueWithCount(Math.max(0, Date.now() - nowMs), count);
        },
        (error: Error) => {
          failure ??= error.message;
        },
      )
      .finally(() => {
        inFlight -= 1;
        inFlightBytes -= bytes;
      });
  };

  // One lane's window may end at the very end: one more tick after it.
  for (let nowMs = startMs; nowMs < endMs + TICK_MS && failure === undefined; ) {
    await sleep(TICK_MS);
    nowMs = Date.now();
    sendDue(nowMs);
    if (inFlightBytes > IN_FLIGHT_BYTES_MAX) failure = `the broker has not acknowledged ${inFlightBytes} bytes`;
  }
  const giveUpMs = Date.now() + ACKNOWLEDGE_MAX_MS;
  while (inFlight > 0 && Date.now() < giveUpMs) await sleep(TICK_MS);
  if (inFlight > 0) failure ??= `${inFlight} requests not acknowledged within ${ACKNOWLEDGE_MAX_MS} ms of the end`;
  const cpu = process.cpuUsage(cpuAtStart);
  return {
    scheduled,
    acknowledged,
    durationMs: Date.now() - startMs,
    lateMs: summary(late),
    acknowledgeMs: summary(acknowledge),
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    failure,
  };
}

function summary(histogram: ReturnType<typeof newHistogram>): ReplayReport["lateMs"] {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile);
  return { p50: at(50), p99: at(99), max: histogram.maxValue };
}

/** Process entry: says "ready", waits for a line, sends, prints the report as JSON. */
async function main(): Promise<void> {
  const typed = new Command("replay-producer")
    .requiredOption("--brokers <host:port,…>")
    .requiredOption("--eps <n>")
    .requiredOption("--duration <time>")
    .requiredOption("--compression <codec>")
    .requiredOption("--seed <n>")
    .parse()
    .opts<Record<"brokers" | "eps" | "duration" | "compression" | "seed", string>>();
  const replay = await openReplay({
    brokers: typed.brokers.split(","),
    eventsPerSecond: parseCount("--eps", typed.eps, { min: 1, max: 5_000_000 }),
    durationMs: parseDurationMs("--duration", typed.duration),
    compression: typed.compression === "none" ? "none" : "lz4",
    seed: Number(typed.seed),
  });
  await serveReady(replay);
}

if (isMain(import.meta.url)) await main();
