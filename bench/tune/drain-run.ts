import { setTimeout as sleep } from "node:timers/promises";
import type { ProfileValues } from "../../src/config/profiles.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { openCpuWindow } from "../common/cpu-window.ts";
import { waitForDrain } from "../common/drained.ts";
import { startIngester } from "../common/ingester.ts";
import type { BenchServers } from "../common/servers.ts";
import { prepareBatches, stampBatch, topicShares } from "../latency/replay-batch.ts";
import { connectReplay } from "../latency/replay-connection.ts";
import { replayTopics } from "../latency/step.ts";
import type { Figures } from "./figures.ts";

const SEED = 20_260_102;
const RECORDS_PER_BATCH = 500;
const BATCHES_PER_TOPIC = 8;
const REQUESTS_IN_FLIGHT_MAX = 4;
const DRAIN_MAX_MS = 120_000;
const POLL_MS = 40;

/** Fills the empty built-in topics with at least `events` events that happened now. Returns how many there are. */
export async function fillTopics(servers: BenchServers, events: number): Promise<number> {
  const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed: SEED };
  const shares = topicShares(source);
  const connection = await connectReplay([servers.brokers], [...shares.keys()]);
  try {
    const records = new Map([...shares.keys()].map((topic) => [topic, RECORDS_PER_BATCH]));
    const batches = prepareBatches(source, records, BATCHES_PER_TOPIC, "lz4");
    let sent = 0;
    let inFlight = 0;
    let failure: Error | undefined;
    for (const [topic, share] of shares) {
      const partitions = connection.partitionsOf(topic);
      const count = Math.ceil((events * share) / RECORDS_PER_BATCH);
      for (let index = 0; index < count; index++) {
        const nowMs = Date.now();
        const bytes = stampBatch(batches.get(topic)![index % BATCHES_PER_TOPIC]!, nowMs, 0, nowMs);
        inFlight += 1;
        connection
          .send([{ topic, partition: index % partitions, bytes }])
          .catch((error: Error) => {
            failure ??= error;
          })
          .finally(() => {
            inFlight -= 1;
          });
        sent += RECORDS_PER_BATCH;
        while (inFlight >= REQUESTS_IN_FLIGHT_MAX) await sleep(1);
      }
    }
    while (inFlight > 0) await sleep(1);
    if (failure !== undefined) throw failure;
    return sent;
  } finally {
    await connection.close();
  }
}

export interface DrainOptions {
  vcpus: number;
  /** What the topics hold: all of it must be stored. */
  events: number;
  values: ProfileValues;
  startArgs: readonly string[];
}

/**
 * Drains the filled topics into empty tables with these values. The clock runs from the assignment of the partitions to
 * the last commit: what starting costs is not a property of the values.
 *
 * @throws MillraceError E_INCOMPLETE when not every event was stored once.
 */
export async function runDrain(servers: BenchServers, options: DrainOptions): Promise<Figures> {
  await servers.emptyTables();
  const groupId = `tune.${process.pid}.${Date.now()}`;
  const ingester = await startIngester({
    env: servers.env,
    vcpus: options.vcpus,
    profile: "high",
    values: options.values,
    groupId,
    args: options.startArgs,
  });
  try {
    await ingester.assigned;
    const startMs = Date.now();
    const window = await openCpuWindow({ clickhouse: servers.clickHousePid, ingester: ingester.pid });
    const { lag } = await waitForDrain(servers.admin, groupId, replayTopics, DRAIN_MAX_MS, POLL_MS);
    const wallMs = Date.now() - startMs;
    const { clickhouse, ingester: own } = await window.read();
    ingester.stop();
    const report = await ingester.report;
    if (lag > 0 || report.stored !== options.events || report.missing !== 0 || report.duplicate !== 0) {
      throw new MillraceError(
        "E_INCOMPLETE",
        `of ${options.events} events ${report.stored} were stored, ${report.missing} missing, ${report.duplicate} doubled`,
      );
    }
    return {
      events: options.events,
      rowsPerSecond: Math.round((options.events * 1_000) / wallMs),
      cpuMicrosPerRow: round(((clickhouse.cpuSeconds + own.cpuSeconds) * 1e6) / options.events),
      ingesterMiB: own.rssMiBMax,
      clickHouseMiB: clickhouse.rssMiBMax,
      inserts: report.counts.insertedBundles,
    };
  } finally {
    ingester.stop();
    await ingester.report.catch(() => {});
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
