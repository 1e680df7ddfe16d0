import { CompressionTypes, type Consumer, Kafka, logLevel } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";
import { CLIENT_TIMEOUT_MS, type ClientSettings, type GroupRead, type KafkaClientUnderTest } from "./client.ts";

const SEND_RECORDS = 2_000;

/** A quiet kafkajs for the broker under test. */
export function kafkajsFor(brokers: string): Kafka {
  return new Kafka({ clientId: "conformance", brokers: [brokers], logLevel: logLevel.NOTHING });
}

/** kafkajs, as published: it decodes no other codec than gzip, so that the topics it is given are limited to that. */
export function kafkajsClient(settings: ClientSettings): KafkaClientUnderTest {
  const kafka = kafkajsFor(settings.brokers);
  return {
    name: "kafkajs",
    producerCodecs: ["none", "gzip"],
    async produce(topic, lines, codec) {
      const producer = kafka.producer();
      await producer.connect();
      const compression = codec === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
      for (let from = 0; from < lines.length; from += SEND_RECORDS) {
        const messages = lines.slice(from, from + SEND_RECORDS).map(keyAndValue);
        await producer.send({ topic, acks: -1, compression, messages });
      }
      await producer.disconnect();
    },
    async readGroup(read) {
      const consumer = kafka.consumer({ groupId: read.group, maxWaitTimeInMs: 200, maxBytes: 8 << 20 });
      await consumer.connect();
      await consumer.subscribe({ topics: [...read.topics], fromBeginning: true });
      try {
        return await readAndCommit(consumer, read);
      } finally {
        await consumer.disconnect();
      }
    },
  };
}

/** Commits by itself, record-exact: what lies after the last wanted record is left to the next member. */
function readAndCommit(consumer: Consumer, { count, group }: GroupRead): Promise<string[]> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const late = `kafkajs group ${group} read fewer than ${count} records within ${CLIENT_TIMEOUT_MS} ms`;
    const timer = setTimeout(() => reject(new MillraceError("E_KAFKA", `${late}: ${lines.length}`)), CLIENT_TIMEOUT_MS);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error); // else kafkajs joins again, from the committed offsets
    });
    const eachBatch: NonNullable<Parameters<Consumer["run"]>[0]>["eachBatch"] = async ({ batch, heartbeat }) => {
      const wanted = batch.messages.slice(0, Math.max(0, count - lines.length));
      if (wanted.length === 0) return;
      for (const { key, value } of wanted) lines.push(`${key?.toString() ?? ""}\t${value?.toString() ?? ""}`);
      const offset = String(BigInt(wanted.at(-1)!.offset) + 1n);
      await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }]);
      await heartbeat();
      if (lines.length < count) return;
      clearTimeout(timer);
      resolve(lines);
    };
    consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch }).catch(reject);
  });
}

function keyAndValue(line: string): { key: string; value: string } {
  const tab = line.indexOf("\t");
  return { key: line.slice(0, tab), value: line.slice(tab + 1) };
}
