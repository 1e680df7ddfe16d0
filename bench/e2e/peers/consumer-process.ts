/**
 * What the two kafkajs consumers have in common: group, decompression, and the protocol with the bench (a line `ready` on
 * standard output once partitions are assigned, at SIGTERM the end report as a line of JSON).
 */
import { performance } from "node:perf_hooks";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { compressionsAlgorithms } from "@platformatic/kafka";
import kafkajs, { type EachBatchPayload } from "kafkajs";

export interface ConsumerJob {
  brokers: string;
  topic: string;
  groupId: string;
  clickHouseUrl: string;
  table: string;
}

const MIB = 1024 * 1024;
/** Partitions whose batches are worked on at the same time: while one waits for its insert, another is parsed. */
const CONCURRENT_PARTITIONS = 3;

/**
 * Runs a consumer group that hands each batch to `insertBatch`, one batch of a partition at a time, and commits what it
 * resolved. Fetches are as large as Millrace's, so that batches, and with them inserts, are of decent size.
 */
export async function runConsumer(
  insertBatch: (client: ClickHouseClient, job: ConsumerJob, payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  const job = JSON.parse(process.argv[2]!) as ConsumerJob;
  // kafkajs brings gzip only; a user adds a native lz4 package in just this way.
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => compressionsAlgorithms.lz4.compressSync(buffer),
    decompress: async (buffer: Buffer) => compressionsAlgorithms.lz4.decompressSync(buffer),
  });
  const client = createClient({
    url: job.clickHouseUrl,
    max_open_connections: CONCURRENT_PARTITIONS,
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
  const consumer = new kafkajs.Kafka({
    brokers: [job.brokers],
    clientId: "bench",
    logLevel: kafkajs.logLevel.ERROR,
  }).consumer({ groupId: job.groupId, maxBytesPerPartition: 4 * MIB, maxBytes: 16 * MIB, maxWaitTimeInMs: 100 });
  const insertMs: number[] = [];
  consumer.on(consumer.events.GROUP_JOIN, () => console.log("ready"));
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    console.error(payload.error);
    process.exit(1);
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [job.topic], fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
    async eachBatch(payload) {
      const startedMs = performance.now();
      await insertBatch(client, job, payload);
      insertMs.push(performance.now() - startedMs);
      payload.resolveOffset(payload.batch.lastOffset());
      await payload.commitOffsetsIfNecessary();
      await payload.heartbeat();
    },
  });
  process.once("SIGTERM", async () => {
    await consumer.disconnect();
    await client.close();
    insertMs.sort((left, right) => left - right);
    console.log(JSON.stringify({ insertP95Ms: insertMs[Math.floor(insertMs.length * 0.95)] ?? null }));
    process.exit(0);
  });
}
