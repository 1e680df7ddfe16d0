import { setTimeout as sleep } from "node:timers/promises";
import { completeSimulatorOptions } from "../../src/config/simulator.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { BatchProducer } from "../../src/simulator/batch-producer.ts";
import { EventGenerator } from "../../src/simulator/event-generator.ts";
import { advancePacer, openPacer } from "../../src/simulator/pacer.ts";
import { Random } from "../../src/simulator/random.ts";
import { isMain } from "../common/is-main.ts";
import { serveReady } from "../common/ready-entry.ts";
import { type DocumentSource, sizedDocuments } from "./sized-documents.ts";

/**
 * The load of the growth bench: the simulator's events, pacer and producer, each event to a partition drawn among all
 * partitions of all topics, as keys that are spread evenly would place it. In a process of its own.
 */
export interface LoadOptions {
  brokers: string[];
  topics: string[];
  eventsPerSecond: number;
  durationMs: number;
  /** Undefined: the simulator's events, 340 bytes on average. */
  recordBytes?: number | undefined;
  seed: number;
}

export interface LoadReport {
  acknowledged: number;
  /** Events that were due and not made, because too many were unacknowledged or the process stood still. */
  withheld: number;
  failed: number;
  /** From the first tick to the last acknowledgement. */
  durationMs: number;
  cpuSeconds: number;
}

const TICK_MS = 10;
const PENDING_MAX = 200_000;
const DRAIN_MS = 20_000;

async function openLoad(options: LoadOptions): Promise<{ run(): Promise<LoadReport>; close(): Promise<void> }> {
  const counts = { acknowledged: 0, failed: 0 };
  const producer = await BatchProducer.connect(completeSimulatorOptions({ brokers: options.brokers }), options.topics, {
    onAcknowledged: (_lane, { recordCount }) => {
      counts.acknowledged += recordCount;
    },
    onFailed: (_lane, { recordCount }) => {
      counts.failed += recordCount;
    },
  });
  return { run: () => produceLoad(options, producer, counts), close: () => producer.close() };
}

async function produceLoad(
  { eventsPerSecond, durationMs, recordBytes, seed }: LoadOptions,
  producer: BatchProducer,
  counts: { acknowledged: number; failed: number },
): Promise<LoadReport> {
  const documents = recordBytes === undefined ? simulatorEvents(seed) : sizedDocuments(recordBytes, seed);
  const lanes = [...producer.lanes.values()].flat();
  const random = new Random(seed);
  const cpuAtStart = process.cpuUsage();
  const startMs = performance.now();
  const wallOffsetMs = Date.now() - startMs;
  const pacer = openPacer(startMs);
  for (let nowMs = startMs; nowMs < startMs + durationMs; ) {
    await sleep(TICK_MS);
    nowMs = Math.min(performance.now(), startMs + durationMs);
    const wallMs = Math.floor(nowMs + wallOffsetMs);
    const room = Math.max(0, PENDING_MAX - producer.pendingRecords);
    const paced = advancePacer(pacer, nowMs, eventsPerSecond, eventsPerSecond, room);
    for (let index = 0; index < paced.count; index++) {
      documents.next(Math.floor(wallOffsetMs + paced.firstMs + index * paced.stepMs));
      const lane = lanes[random.between(0, lanes.length - 1)]!;
      producer.append(lane, wallMs, null, documents.bytes, documents.length);
    }
    producer.flush();
  }
  await producer.drain(DRAIN_MS);
  const cpu = process.cpuUsage(cpuAtStart);
  return {
    ...counts,
    withheld: Math.round(pacer.withheld),
    durationMs: Math.round(performance.now() - startMs),
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
  };
}

function simulatorEvents(seed: number): DocumentSource {
  const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed };
  return new EventGenerator({ ...source, mode: "domain", eventId: "random", badRate: 0, badKinds: [] });
}

if (isMain(import.meta.url)) await serveReady(await openLoad(JSON.parse(process.argv[2]!) as LoadOptions));
