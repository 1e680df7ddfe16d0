import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { ensureTopics } from "../clients/kafka/topics.ts";
import { compressions } from "../config/simulator-words.ts";
import { defaultTopics } from "../config/topics.ts";
import { realKafka, startRealKafka } from "../testing/kafka/real-kafka.ts";
import { startSimulator } from "./simulator.ts";

const kafkaFound = await realKafka();
if (!kafkaFound.available) console.warn(`simulator against Apache Kafka: skipped, ${kafkaFound.reason}`);

test.skipIf(!kafkaFound.available)(
  "Apache Kafka accepts the batches of every compression, and its log grows by what the report counts",
  { timeout: 90_000 },
  async () => {
    const server = await startRealKafka();
    try {
      const kafka = new Kafka({ brokers: [server.brokers], logLevel: logLevel.NOTHING });
      const admin = kafka.admin();
      await admin.connect();
      await ensureTopics(admin, defaultTopics);
      const acknowledged = new Map<string, number>();
      for (const compression of compressions) {
        const simulator = await startSimulator({
          ...{ brokers: [server.brokers], compression, eventsPerSecond: 20_000, eventsMax: 10_000 },
          ...{ badRate: 0.01, mode: "all", partitioner: compression === "lz4" ? "key" : "sticky" },
        });
        await simulator.finished;
        const report = await simulator.stop();
        expect(report, compression).toMatchObject({ produced: 10_000, failed: 0 });
        for (const { topic, partition, count, lastOffset } of report.partitions) {
          const key = `${topic}:${partition}`;
          acknowledged.set(key, (acknowledged.get(key) ?? 0) + count);
          if (count > 0) expect(lastOffset + 1, key).toBe(acknowledged.get(key));
        }
      }
      for (const { name } of defaultTopics) {
        for (const { partition, high } of await admin.fetchTopicOffsets(name)) {
          expect(Number(high), `${name}:${partition}`).toBe(acknowledged.get(`${name}:${partition}`));
        }
      }
      await admin.disconnect();
    } finally {
      await server.close();
    }
  },
);
