import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { completeSimulatorOptions } from "../../src/config/simulator.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import type { EventMode } from "../../src/config/simulator-words.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { BatchProducer } from "../../src/simulator/batch-producer.ts";
import { EventGenerator } from "../../src/simulator/event-generator.ts";

export interface FilledTopic {
  topic: string;
  partitions: number;
  events: number;
  /** Of the documents, before compression. */
  bytes: number;
}

/** One document: `bytes[0 … length)`. */
export interface SourceDocument {
  bytes: Buffer;
  length: number;
}

/** Unacknowledged records above which the producer rests. */
const PENDING_MAX = 100_000;
/** Event times run at this rate, ending about now. */
const EVENTS_PER_MS = 50;
const DRAIN_TIMEOUT_MS = 60_000;

/**
 * Creates the topic and fills it with lz4 record batches of the simulator's size, each partition in turn, from what
 * `next` returns for 0 … events−1. All from one thread in one order: a seed gives the same records at the same offsets.
 */
export async function fillTopic(
  brokers: string,
  wish: { topic: string; partitions: number; events: number },
  next: (index: number) => SourceDocument,
): Promise<FilledTopic> {
  const { topic, partitions, events } = wish;
  await withAdmin(brokers, (admin) =>
    admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] }),
  );
  let failure: string | undefined;
  const producer = await BatchProducer.connect(completeSimulatorOptions({ brokers: [brokers] }), [topic], {
    onAcknowledged: () => {},
    onFailed: (lane, _batch, error) => {
      failure ??= `partition ${lane.partition}: ${error}`;
    },
  });
  let bytes = 0;
  try {
    const lanes = producer.lanes.get(topic)!;
    let lane = 0;
    for (let index = 0; index < events; index += 1) {
      const document = next(index);
      bytes += document.length;
      const filled = producer.append(lanes[lane]!, Date.now(), null, document.bytes, document.length);
      if (!filled) continue;
      lane = (lane + 1) % lanes.length;
      producer.flush();
      while (producer.pendingRecords > PENDING_MAX && failure === undefined) {
        producer.flush();
        await sleep(1);
      }
    }
    await producer.drain(DRAIN_TIMEOUT_MS);
  } finally {
    await producer.close();
  }
  if (failure !== undefined) throw new MillraceError("E_KAFKA", `Cannot fill topic ${topic}, ${failure}`);
  return { topic, partitions, events, bytes };
}

export async function deleteTopic(brokers: string, topic: string): Promise<void> {
  await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
}

async function withAdmin(brokers: string, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The simulator's events, seeded, none of them bad; times end about now, so that no pipeline calls them late. */
export function simulatorDocuments(events: number, seed: number, mode: EventMode): (index: number) => SourceDocument {
  const firstMs = Date.now() - Math.ceil(events / EVENTS_PER_MS);
  const generator = new EventGenerator({
    profile: readSimulatorProfile(),
    routes: readSimulatorRoutes(),
    mode,
    seed,
    eventId: "random",
    badRate: 0,
    badKinds: [],
  });
  return (index) => {
    generator.next(firstMs + Math.floor(index / EVENTS_PER_MS));
    return generator;
  };
}
