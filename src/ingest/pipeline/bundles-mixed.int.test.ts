import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertFormats } from "../../core/transcoding.ts";
import { brokersToTest } from "../../testing/ingest-servers.ts";
import { account } from "./testing/account.ts";
import { BundleRig, coordinatesSql } from "./testing/bundle-rig.ts";

/** Bundles whose members are not alike: refused rows, dead letters, gaps, and records of very different sizes. */

const COUNT = 120;
/** Of these partitions: one row each that the table refuses, and one record each that is no JSON. */
const REFUSED = [7, 2_050];
const BAD = [3, 1_004, 3_005];
const idOf = (partition: number, offset: number) => partition * 1_000 + offset;
const textOf = (partition: number, offset: number) => {
  const id = idOf(partition, offset);
  return BAD.includes(id) ? `{"id":` : `{"id":${id}}`;
};

describe.each(await brokersToTest())("a bundle of unlike members, with %s", (name, startServers) => {
  let rig: BundleRig;
  // The embedded broker has no transactions.
  const gaps = name === "Apache Kafka" ? 2 : 0;
  beforeAll(async () => {
    rig = await BundleRig.open(startServers);
  }, 90_000);
  afterAll(() => rig?.close());

  /** In two of four partitions the end of a transaction takes offset 70. */
  async function fill(topic: string): Promise<void> {
    await rig.fill(topic, 4, 60, textOf);
    for (const partition of [0, 2]) await rig.send(topic, partition, 60, COUNT - 60, textOf);
    if (gaps === 0) {
      for (const partition of [1, 3]) await rig.send(topic, partition, 60, COUNT - 60, textOf);
      return;
    }
    const kafka = new Kafka({ brokers: [rig.servers.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    for (const partition of [1, 3]) {
      const messages = Array.from({ length: 10 }, (_, index) => ({ partition, value: textOf(partition, 60 + index) }));
      await transaction.send({ topic, messages });
    }
    await transaction.commit();
    await producer.disconnect();
    for (const partition of [1, 3]) await rig.send(topic, partition, 71, COUNT - 71, textOf);
  }

  it.concurrent.each(insertFormats)(
    "has each row, letter and gap once, also after a repeat: %s",
    {
      timeout: 180_000,
    },
    async (insertFormat) => {
      const topic = `mixed-${insertFormat}`;
      const table = `mixed_${insertFormat}`;
      const columns = `id UInt64, ${coordinatesSql}, CONSTRAINT fine CHECK id NOT IN (${REFUSED.join(", ")})`;
      // More table partitions than the server allows to an insert.
      await rig.createTable(table, { columns, more: "PARTITION BY id % 150" });
      await fill(topic);
      const more = { insertFormat, group: topic };
      const killed = await rig.start([topic], table, { more, orders: { kill: { step: "afterInsert" } } });
      expect(killed).toMatchObject({ code: null });
      const listed = [...(await rig.committed(topic, [topic])).values()].map(({ metadata }) => metadata);
      expect(listed).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^m3 0-119@\d+#\S+\.4$/)));
      const letters = REFUSED.length + BAD.length;
      const stored = { rows: 4 * COUNT - letters - gaps, letters, gaps, faults: [] };
      const ends = { [topic]: Array.from({ length: 4 }, () => COUNT) };
      expect(await account(rig, table, ends)).toEqual(stored);
      const { code, report } = await rig.start([topic], table, { more });
      expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { replayedRanges: 4 } }]);
      expect(await account(rig, table, ends)).toEqual(stored);
      const [noted] = await rig.rows<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM analytics.millrace_gaps WHERE topic = '${topic}'`,
      );
      expect(noted!.n).toBe(Math.min(gaps, 2));
      const refused = await rig.rows(
        `SELECT toInt32(kafka_partition * 1000 + kafka_offset) AS id FROM analytics.fact_event_dlq
       WHERE topic = '${topic}' AND error_type != 'json_parse_failed' ORDER BY id`,
      );
      expect(refused).toEqual(REFUSED.map((id) => ({ id })));
    },
  );

  it.concurrent("stores a record of 1 MiB beside 100,000 small ones", { timeout: 180_000 }, async () => {
    const SMALL = 50_000;
    await rig.createTable("sizes", { columns: `id UInt64, pad String, ${coordinatesSql}` });
    await rig.createTopic("sizes", 3, [{ name: "max.message.bytes", value: String(4 * 1024 * 1024) }]);
    const large = (start: string, end: string) => () =>
      start + "x".repeat(1024 * 1024 - start.length - end.length) + end;
    await rig.send("sizes", 0, 0, 1, large(`{"id":1,"pad":"`, `"}`));
    await rig.send("sizes", 0, 1, 1, large(`{"id":2,"pad":"`, ""));
    for (const partition of [1, 2]) {
      for (let first = 0; first < SMALL; first += 10_000) await rig.send("sizes", partition, first, 10_000);
    }
    const { code, report } = await rig.start(["sizes"], "sizes");
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, stored: 2 * SMALL + 1, dead: 1 }]);
    expect(report.deadByType).toEqual({ json_parse_failed: 1 });
    const ends = { sizes: [2, SMALL, SMALL] };
    expect(await account(rig, "sizes", ends)).toEqual({ rows: 2 * SMALL + 1, letters: 1, gaps: 0, faults: [] });
    const query =
      "SELECT toUInt32(max(rows)) AS most FROM system.parts WHERE active AND table = 'sizes' AND database = 'b'";
    const [part] = await rig.rows<{ most: number }>(query);
    // A bundle is cut at 20,000 rows by this profile; what came with the last batch is in it.
    expect(part!.most).toBeLessThanOrEqual(30_000);
    expect(await rig.rows("SELECT toUInt32(length(pad)) AS bytes FROM b.sizes WHERE kafka_partition = 0")).toEqual([
      { bytes: 1024 * 1024 - 17 },
    ]);
  });
});
