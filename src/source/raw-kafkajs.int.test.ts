import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawBatch } from "../core/raw-batch.ts";
import { type RealKafka, realKafka, startRealKafka } from "../testing/kafka/real-kafka.ts";
import { createSource } from "./consumer-source.ts";
import type { Membership } from "./membership.ts";
import { hasReached, readOffsets } from "./offsets.ts";

const real = await realKafka();
if (!real.available) console.warn(`skipped: ${real.reason}`);

describe.skipIf(!real.available)("the record batch seam against Apache Kafka", () => {
  let server: RealKafka;
  let kafka: Kafka;

  beforeAll(async () => {
    server = await startRealKafka();
    kafka = new Kafka({ brokers: [server.brokers], logLevel: logLevel.NOTHING });
  });
  afterAll(() => server.close());

  it("leaves aborted transactions out and passes control batches on, so that every offset can be committed", async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "paid", numPartitions: 1 }] });
    const producer = kafka.producer({ transactionalId: "till", maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    for (const [value, ends] of [
      ["kept one", "commit"],
      ["taken back", "abort"],
      ["kept two", "commit"],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: "paid", messages: [{ value }, { value }] });
      await transaction[ends]();
    }
    const batches: RawBatch[] = [];
    const covered: number[] = [];
    let membership: Membership | undefined;
    const source = createSource(
      {
        kafka: { brokers: [server.brokers], logLevel: logLevel.NOTHING },
        groupId: "seam",
        topics: ["paid"],
        fetchBytesPerPartition: 1 << 20,
        fetchBytesMax: 1 << 20,
        fetchWaitMs: 100,
        sessionTimeoutMs: 30_000,
        from: "earliest",
      },
      {
        onBatch: (batch) => batches.push(batch),
        onJoined: (joined) => {
          membership = joined;
        },
        beforeJoin: async () => {},
        onCovered: (_topic, _partition, offset) => covered.push(offset),
        onOutOfRange: () => {
          throw new Error("not in this test");
        },
        onCrash: (error) => {
          throw error;
        },
      },
    );
    await source.start();
    // Three transactions of two records and a control record each: offsets 0 to 8.
    while ((batches.at(-1)?.lastOffset ?? -1) < 8) await sleep(50);
    const text = batches.map(({ bytes }) => Buffer.from(bytes).toString("latin1")).join();
    expect(text.match(/kept one|taken back|kept two/g)).toEqual(["kept one", "kept one", "kept two", "kept two"]);
    expect(batches.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])).toEqual([
      [0, 1],
      [2, 2],
      [5, 5],
      [6, 7],
      [8, 8],
    ]);
    // The first fetch may have ended inside the aborted transaction; what it filtered out is told apart.
    expect(covered.at(-1)).toBe(9);
    expect(batches.map(({ fetchOffset }) => fetchOffset)).toEqual([0, 2, 3, 6, 8]);
    expect(membership!.partitions).toEqual([{ topic: "paid", partition: 0, offset: undefined, metadata: "" }]);
    await membership!.commit([{ topic: "paid", partition: 0, offset: 9, metadata: "m1" }]);
    const offsets = await readOffsets(admin, "seam", ["paid"]);
    expect(offsets).toEqual([{ topic: "paid", partition: 0, logStart: 0, logEnd: 9, committed: 9 }]);
    expect(hasReached(offsets, offsets)).toBe(true);
    await source.stop();
    await producer.disconnect();
    await admin.disconnect();
  }, 60_000);
});
