import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, Kafka, type LogEntry, type logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmbeddedBroker } from "../kafka/start-embedded-broker.ts";
import { KafkaAnswers } from "./kafka-answers.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const answers = new KafkaAnswers();
const heard: string[] = [];
const values: string[] = [];
let broker: Awaited<ReturnType<typeof startEmbeddedBroker>>;
let proxy: TcpProxy;
let kafka: Kafka;
let consumer: Consumer;

/** kafkajs itself says which error it was told. */
function listen(_level: logLevel) {
  return ({ log }: LogEntry) => heard.push(`${log.message} ${log.error ?? ""}`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(50);
}

async function send(value: string): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic: "t", messages: [{ value }] });
  await producer.disconnect();
}

beforeAll(async () => {
  broker = await startEmbeddedBroker();
  const [host, port] = broker.brokers.split(":");
  proxy = await startTcpProxy(Number(port), () => answers.follow());
  kafka = new Kafka({
    brokers: [`${host}:${proxy.port}`],
    logLevel: 5,
    logCreator: listen,
    // The broker tells its own port; whatever goes there goes over the proxy.
    socketFactory: ({ onConnect }) => connect(proxy.port, host, onConnect),
  });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "t", numPartitions: 2 }] });
  await admin.disconnect();
  consumer = kafka.consumer({ groupId: "g", heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: ["t"], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  await send("first");
  await until(() => values.includes("first"));
});

afterAll(async () => {
  await consumer.disconnect();
  await proxy.close();
  await broker.close();
});

describe("KafkaAnswers", () => {
  it("says that the leaders have moved, and everything else stays as it was", async () => {
    heard.length = 0;
    expect(await answers.arm("leaders", 2, 10_000)).toBe(true);
    await until(() => heard.some((line) => line.includes("Stale cluster metadata")));
    await send("second");
    await until(() => values.includes("second"));
  });

  it("says that the coordinator has moved", async () => {
    heard.length = 0;
    expect(await answers.arm("coordinator", 1, 10_000)).toBe(true);
    await until(() => heard.some((line) => /correct coordinator|NOT_COORDINATOR/.test(line)));
    await send("third");
    await until(() => values.includes("third"));
  });

  it("says so when too few answers came", async () => {
    expect(await answers.arm("leaders", 100_000, 300)).toBe(false);
  });
});
