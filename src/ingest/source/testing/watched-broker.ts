import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { it } from "vitest";
import { type KafkaBroker, startKafkaBroker } from "../../../embedded/kafka/server.ts";
import { type MemberSetup, type WatchedMember, watchMember } from "./watched-member.ts";

const UNTIL_MS = 30_000;
const CASE_TIMEOUT_MS = 120_000;

/** The embedded broker of one test case, with the group members that read from it. */
export interface WatchedBroker {
  readonly admin: Admin;
  /** Where the broker keeps all topics, in its own layout. */
  readonly dataDir: string;
  readonly members: readonly WatchedMember[];
  /** Makes a member, by default of group `g` and reading topic `t`, and does not start it. */
  member(setup?: Partial<MemberSetup>): WatchedMember;
  /** Makes a member and starts it. */
  start(setup?: Partial<MemberSetup>): Promise<WatchedMember>;
  createTopics(counts: Record<string, number>, configs?: Record<string, string>): Promise<void>;
  /** One batch of `count` records into each partition. */
  put(topic: string, partitions: readonly number[], count?: number): Promise<void>;
  /** Closes the broker, runs `meanwhile`, and opens the broker again on the same port and folder. */
  whileClosed(meanwhile: () => Promise<void>): Promise<void>;
}

/**
 * Declares a test case with a broker of its own, so that the cases of a concurrent suite can run side by side. That saves
 * nearly all of their time: they mostly wait, for heartbeats, for joins and for metadata to age.
 */
export function onBroker(name: string, run: (broker: WatchedBroker) => Promise<void>): void {
  it(
    name,
    async () => {
      const { close, ...broker } = await open();
      await run(broker).finally(close);
    },
    CASE_TIMEOUT_MS,
  );
}

export async function until(what: string, isMet: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + UNTIL_MS;
  while (!(await isMet())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}

async function open(): Promise<WatchedBroker & { close(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-source-"));
  const members: WatchedMember[] = [];
  let broker: KafkaBroker = await startKafkaBroker({ port: 0, dataDir });
  const kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  /** By topic: while one of its topics is being deleted, a producer sends to none of the others. */
  const producers = new Map<string, Producer>();

  const member = (setup: Partial<MemberSetup> = {}): WatchedMember => {
    const made = watchMember({ port: broker.port, groupId: "g", topics: ["t"], ...setup });
    members.push(made);
    return made;
  };

  return {
    ...{ admin, dataDir, members, member },
    async start(setup) {
      const made = member(setup);
      await made.source.start();
      return made;
    },
    async createTopics(counts, configs = {}) {
      const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
      const topics = Object.entries(counts).map(([topic, numPartitions]) => ({ topic, numPartitions, configEntries }));
      await admin.createTopics({ topics });
    },
    async put(topic, partitions, count = 1) {
      const messages = partitions.flatMap((partition) =>
        Array.from({ length: count }, (_, id) => ({ value: `record ${id} of many`, partition })),
      );
      const producer = producers.get(topic) ?? kafka.producer({ allowAutoTopicCreation: false, metadataMaxAge: 100 });
      producers.set(topic, producer);
      await producer.connect();
      await producer.send({ topic, messages });
    },
    async whileClosed(meanwhile) {
      const { port } = broker;
      await Promise.all([admin, ...producers.values()].map((client) => client.disconnect()));
      await broker.close();
      await meanwhile();
      broker = await startKafkaBroker({ port, dataDir });
      await admin.connect();
    },
    async close() {
      await Promise.all(members.map(({ source }) => source.stop().catch(() => {})));
      await Promise.all([admin, ...producers.values()].map((client) => client.disconnect()));
      await broker.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
