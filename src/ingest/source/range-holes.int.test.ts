import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Producer, Transaction } from "kafkajs";
import { expect } from "vitest";
import { hasHoles } from "./range-holes.ts";
import type { TestBroker } from "./testing/either-broker.ts";
import { consume, describeRanges, facts, never, type RangeCase, records, shape } from "./testing/range-bench.ts";
import { until } from "./testing/watched-group.ts";

/** Ranges of which the log does not have every offset: retention, transactions, compaction. */

const cases: RangeCase[] = [
  [
    "of which retention has taken the head, or all, says so and has the rest",
    async ({ broker, admin, producer, topic, create, put, reader }) => {
      await create({ "segment.bytes": broker.isReal ? "1048576" : "500" });
      for (let batch = 0; batch < 6; batch += 1) await put(records(10));
      const logStart = broker.isReal ? await deleteRecords(admin, topic, 25) : await removeSegments(broker, topic);
      if (!broker.isReal) await producer.connect();
      const read = async (firstOffset: number, lastOffset: number) => {
        const { batches, ...rest } = await reader().read({ topic, partition: 0, firstOffset, lastOffset }, never());
        return { ...rest, batches: shape(batches) };
      };
      const base = Math.floor(logStart / 10) * 10;
      expect(await read(5, logStart + 1)).toEqual({
        lostBefore: logStart,
        batches: [[logStart, base, base + 9]],
      });
      expect(await read(5, 9)).toEqual({ lostBefore: logStart, batches: [] });
      expect(await read(50, 59)).toEqual({ batches: [[50, 50, 59]] });
      if (!broker.isReal) return;
      await deleteRecords(admin, topic, 60);
      expect(await read(50, 59)).toEqual({ lostBefore: 60, batches: [] });
    },
  ],
];

const realCases: RangeCase[] = [
  [
    "of transactions leaves out what was taken back, as a consumer does",
    async (bench) => {
      const { kafka, topic, create, reader, waits } = bench;
      await create();
      const [till, cellar] = ["till", "cellar"].map((transactionalId) =>
        kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true }),
      ) as [Producer, Producer];
      await Promise.all([till.connect(), cellar.connect()]);
      const send = (transaction: Transaction) =>
        transaction.send({ topic, messages: records(2).map((one) => ({ ...one, partition: 0 })) });
      // Two that overlap, and that end in another order than they began.
      const outer = await till.transaction();
      await send(outer);
      const inner = await cellar.transaction();
      await send(inner);
      await send(outer);
      await inner.abort();
      await outer.abort();
      const kept = await till.transaction();
      await send(kept);
      await kept.commit();
      const shown = await consume(bench, 10);
      const read = async (firstOffset: number, lastOffset: number) =>
        (await reader().read({ topic, partition: 0, firstOffset, lastOffset }, never())).batches;
      const whole = await read(0, 10);
      expect([whole.map(facts), hasHoles({ lastOffset: 10 }, whole)]).toEqual([shown, false]);
      expect(shown.map(({ byteLength }) => byteLength > 0)).toEqual([false, false, false, true, true, true, true]);
      // From the middle of a transaction on.
      expect((await read(4, 6)).map(facts)).toEqual(shown.slice(2, 4));
      // One that is open hides what comes behind.
      const open = await cellar.transaction();
      await send(open);
      const hidden = read(11, 12);
      await until("it is told", () => waits.length > 0);
      await open.abort();
      expect((await hidden).map(({ bytes }) => bytes.length)).toEqual([0]);
      await Promise.all([till.disconnect(), cellar.disconnect()]);
    },
  ],
  [
    "of a compacted log is read over its holes, also where they end it",
    async ({ kafka, topic, create, put, reader }) => {
      await create({
        ...{ "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.0001", "segment.ms": "100" },
        ...{ "max.compaction.lag.ms": "100", "delete.retention.ms": "0" },
      });
      for (let batch = 0; batch < 20; batch += 1) {
        await put([{ key: batch < 5 ? `kept ${batch}` : "one", value: `${batch}` }]);
      }
      const batchesTo = async (lastOffset: number) =>
        (await reader().read({ topic, partition: 0, firstOffset: 3, lastOffset }, never())).batches;
      const read = async (lastOffset: number) => shape(await batchesTo(lastOffset));
      expect(hasHoles({ lastOffset: 4 }, await batchesTo(4))).toBe(false);
      await until("the log is compacted", async () => {
        // A segment ends with the next record.
        await put([{ key: "end", value: "of a segment" }]);
        await sleep(150);
        return (await read(18)).length < 5;
      });
      expect(await read(18)).toEqual([
        [3, 3, 3],
        [4, 4, 4],
      ]);
      expect(hasHoles({ lastOffset: 18 }, await batchesTo(18))).toBe(true);
      // Nothing is left between the range's start and an open transaction.
      const producer = kafka.producer({ transactionalId: "opener", maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      const open = await producer.transaction();
      await open.send({ topic, messages: [{ key: "open", value: "one", partition: 0 }] });
      expect(await read(18)).toHaveLength(2);
      await open.abort();
      await producer.disconnect();
    },
  ],
];

async function deleteRecords(admin: Admin, topic: string, offset: number): Promise<number> {
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
  return offset;
}

/** Retention, which the embedded broker has not. Returns where the log begins then. */
async function removeSegments(broker: TestBroker, topic: string): Promise<number> {
  await broker.stop();
  const folder = join(broker.dataDir, "topics", topic, "0");
  const segments = (await readdir(folder)).sort() as [string, string, string];
  await Promise.all(segments.slice(0, 2).map((name) => rm(join(folder, name))));
  await broker.start();
  return Number(segments[2].slice(0, 20));
}

describeRanges(cases, realCases);
