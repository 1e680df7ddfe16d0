import { createHash } from "node:crypto";
import { type Admin, CompressionTypes, Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { afterAll, beforeAll, it } from "vitest";
import type { BufferPool } from "../../../core/buffer-pool.ts";
import type { RawBatch } from "../../../core/raw-batch.ts";
import { createRangeReader, type RangeReader, type RangeReaderOptions } from "../range-reader.ts";
import { describeEitherBroker, type TestBroker } from "./either-broker.ts";
import { until } from "./watched-group.ts";
import { watchMember } from "./watched-member.ts";

/** What tests of direct reads share. No consumer but the source runs in their process: its record decoder is ours. */

const CASE_TIMEOUT_MS = 120_000;

export interface RangeBench {
  broker: TestBroker;
  kafka: Kafka;
  admin: Admin;
  producer: Producer;
  /** Of the case's own. */
  topic: string;
  /** What the reader has told of ranges that it waits for. */
  waits: string[];
  reader(options?: Partial<RangeReaderOptions>, buffers?: BufferPool): RangeReader;
  create(config?: Record<string, string>): Promise<void>;
  /** One batch into partition 0. */
  put(messages: Message[], compression?: CompressionTypes): Promise<void>;
}

export const never = () => new AbortController().signal;
export const records = (count: number): Message[] =>
  Array.from({ length: count }, (_, id) => ({ value: `record ${id}` }));
export const shape = (batches: readonly RawBatch[]) =>
  batches.map(({ fetchOffset, baseOffset, lastOffset }) => [fetchOffset, baseOffset, lastOffset]);
/** A batch with a digest of its bytes. */
export const facts = ({ bytes, receivedMs: _, ...rest }: RawBatch) => {
  return { ...rest, hash: createHash("sha256").update(bytes).digest("hex"), byteLength: bytes.length };
};

/** What a consumer is shown of the topic, from its start to `lastOffset`. */
export async function consume({ broker, topic }: RangeBench, lastOffset: number): Promise<ReturnType<typeof facts>[]> {
  const shown: ReturnType<typeof facts>[] = [];
  const { source } = watchMember({
    ...{ port: broker.port, groupId: `of-${topic}`, topics: [topic], sessionTimeoutMs: 6_000 },
    onBatch: (batch) => void shown.push(facts(batch)),
  });
  await source.start();
  await until("all is shown", () => (shown.at(-1)?.lastOffset ?? -1) >= lastOffset);
  await source.stop();
  return shown;
}

export type RangeCase = [name: string, run: (bench: RangeBench) => Promise<void>];

/**
 * All cases at the same time, for they wait for most of theirs. `realCases`: what the embedded broker does not have. `alone`:
 * what stops the broker, after the others.
 */
export function describeRanges(cases: RangeCase[], realCases: RangeCase[], alone: RangeCase[] = []): void {
  describeEitherBroker(
    "a range",
    (open, isReal) => openCases(open, isReal ? [...cases, ...realCases] : cases, alone),
    "concurrent",
  );
}

function openCases(open: () => Promise<TestBroker>, cases: RangeCase[], alone: RangeCase[]): void {
  let broker: TestBroker;
  let topics = 0;

  beforeAll(async () => {
    broker = await open();
  }, 60_000);
  afterAll(() => broker.close());

  const run = async (name: string, test: RangeCase[1]): Promise<void> => {
    topics += 1;
    const topic = `${topics}-${name.replaceAll(/[^a-z]+/gi, "-")}`.slice(0, 40);
    const { bench, close } = await openBench(broker, topic);
    await test(bench).finally(close);
  };
  it.concurrent.each(cases)("%s", run, CASE_TIMEOUT_MS);
  it.each(alone)("%s", { concurrent: false, timeout: CASE_TIMEOUT_MS }, run);
}

/** With clients of its own: one that has asked about a topic asks for it ever after, also when its case has deleted it. */
async function openBench(broker: TestBroker, topic: string) {
  const brokers = [`127.0.0.1:${broker.port}`];
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
  const readers: RangeReader[] = [];
  const waits: string[] = [];
  const onWait = (_range: unknown, reason: string) => void waits.push(reason);
  const bench: RangeBench = {
    ...{ broker, kafka, admin, producer, topic, waits },
    reader(options, buffers) {
      const made = createRangeReader(
        { kafka: { brokers, logLevel: logLevel.NOTHING }, fetchBytesMax: 1 << 20, onWait, ...options },
        buffers,
      );
      readers.push(made);
      return made;
    },
    async create(config = {}) {
      const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }], waitForLeaders: true });
      // The broker names leaders before it leads.
      await until("all partitions answer", () => admin.fetchTopicOffsets(topic).then(Boolean, () => false));
    },
    async put(messages, compression = CompressionTypes.None) {
      const own = messages.map((message) => ({ ...message, partition: 0 }));
      await producer.send({ topic, messages: own, compression });
    },
  };
  const close = () => Promise.all([...readers.map((each) => each.close()), admin.disconnect(), producer.disconnect()]);
  return { bench, close };
}
