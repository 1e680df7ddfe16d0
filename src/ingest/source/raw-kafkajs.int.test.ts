import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, type Producer, type Transaction } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasReached, readOffsets } from "../../clients/kafka/offsets.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { type RealKafka, realKafka, startRealKafka } from "../../testing/kafka/real-kafka.ts";
import { createSource } from "./consumer-source.ts";
import type { Membership } from "./membership.ts";

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
    const [till, cellar] = ["till", "cellar"].map((transactionalId) =>
      kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true }),
    ) as [Producer, Producer];
    await Promise.all([till.connect(), cellar.connect()]);
    const send = (transaction: Transaction, value: string) =>
      transaction.send({ topic: "paid", messages: [{ value }, { value }] });
    const kept = await till.transaction();
    await send(kept, "kept one");
    await kept.commit();
    // Two that overlap, and that end in another order than they began.
    const outer = await till.transaction();
    await send(outer, "taken back");
    const inner = await cellar.transaction();
    await send(inner, "taken back too");
    await send(outer, "taken back as well");
    await inner.abort();
    await outer.abort();
    const last = await cellar.transaction();
    await send(last, "kept two");
    await last.commit();
    const batches: RawBatch[] = [];
    let membership: Membership | undefined;
    const source = createSource(
      {
        kafka: { brokers: [server.brokers], logLevel: logLevel.NOTHING },
        groupId: "seam",
        topics: ["paid"],
        fetchBytesPerPartition: 1 << 20,
        fetchBytesMax: 1 << 20,
        fetchWaitMs: 100,
        flushIntervalMs: 100,
        sessionTimeoutMs: 30_000,
        from: "earliest",
      },
      {
        onBatch: (batch) => batches.push({ ...batch, bytes: Uint8Array.from(batch.bytes) }),
        onJoined: (joined) => {
          membership = joined;
        },
        ...{ beforeJoin: async () => {}, onBegin: async () => {}, onCaughtUp: () => {} },
        isNewTopic: () => false,
        onUnread: () => {},
        onOutOfRange: () => {
          throw new Error("not in this test");
        },
        onCrash: (error) => {
          throw error;
        },
      },
    );
    await source.start();
    // Five pairs of records, and a control record for each of the four transactions: offsets 0 to 13.
    while ((batches.at(-1)?.lastOffset ?? -1) < 13) await sleep(50);
    const text = batches.map(({ bytes }) => Buffer.from(bytes).toString("latin1")).join();
    expect(text.match(/kept one|taken back|kept two/g)).toEqual(["kept one", "kept one", "kept two", "kept two"]);
    expect(batches.map(({ fetchOffset, lastOffset, bytes }) => [fetchOffset, lastOffset, bytes.length > 0])).toEqual([
      [0, 1, true],
      [2, 2, true],
      [3, 4, false],
      [5, 6, false],
      [7, 8, false],
      [9, 9, true],
      [10, 10, true],
      [11, 12, true],
      [13, 13, true],
    ]);
    expect(membership!.partitions).toEqual([{ topic: "paid", partition: 0, offset: 0, metadata: "" }]);
    await membership!.commit([{ topic: "paid", partition: 0, offset: 14, metadata: "m1" }], () => {});
    const offsets = await readOffsets(admin, "seam", ["paid"]);
    expect(offsets).toEqual([{ topic: "paid", partition: 0, logStart: 0, logEnd: 14, committed: 14 }]);
    expect(hasReached(offsets, offsets)).toBe(true);
    await source.stop();
    await Promise.all([till.disconnect(), cellar.disconnect()]);
    await admin.disconnect();
  }, 60_000);
});
