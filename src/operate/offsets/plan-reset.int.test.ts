import { type Admin, type Consumer, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersToTest, type IngestServers } from "../../testing/ingest-servers.ts";
import { planReset } from "./plan-reset.ts";

const group = "bundled";
const bundle = "600-699@1#q1fPOx0a0-tAdcWd.2";

describe.each(await brokersToTest())("a reset while a bundle is in flight, with %s", (_name, startServers) => {
  let servers: IngestServers;
  let admin: Admin;
  let consumer: Consumer;

  beforeAll(async () => {
    servers = await startServers();
    const kafka = new Kafka({ brokers: [servers.brokers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: ["a", "b"].map((topic) => ({ topic, numPartitions: 2 })),
      waitForLeaders: true,
    });
    consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: ["a", "b"] });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await joined;
  });

  afterAll(async () => {
    await Promise.allSettled([consumer?.disconnect(), admin?.disconnect()]);
    await servers?.close();
  });

  const commit = (topic: string, partition: number, metadata: string) =>
    consumer.commitOffsets([{ topic, partition, offset: "0", metadata }]);

  /** Without the fault that the group is in use. */
  async function faults(partitions?: number[]): Promise<string[]> {
    const may = { discardIntents: false, allowDuplicates: false, record: false };
    const choice = { group, topic: "a", partitions, ...may };
    const planned = await planReset(admin, choice, { kind: "latest" }, undefined);
    return planned.faults.filter((fault) => !fault.includes("is in use"));
  }

  it("names the partitions, also of other topics, that would be left in doubt; of a stored member it is none", async () => {
    await commit("a", 0, `m3 ${bundle}`);
    await commit("a", 1, "m2 600-699@1");
    await commit("b", 1, `m3 +AAAAAAAAAAAAAAAA ${bundle}`);
    expect(await faults([0])).toEqual([expect.stringMatching(/^a:0: .* together with ranges of b:1, which/)]);
    expect(await faults([1])).toEqual([expect.not.stringContaining("together with")]);
    await commit("a", 1, `m3 ${bundle.replace("q1", "q2")}`);
    await commit("b", 1, `m3 ${bundle.replace("q1", "q2")}`);
    expect(await faults()).toEqual([expect.stringMatching(/^a:0, a:1: .* together with ranges of b:1, which/)]);
    await commit("b", 1, "m2");
    expect(await faults()).toEqual([expect.not.stringContaining("together with")]);
    await commit("a", 0, "m3 +AAAAAAAAAAAAAAAA");
    await commit("a", 1, `m3 ${bundle}!`);
    // It ends beyond the new position: with nothing in the log, that is 0.
    expect(await faults([1])).toEqual([expect.stringContaining("Records would be read again")]);
    expect(await faults([0])).toEqual([]);
  });

  it("is refused where only the commits that it overwrites say that another partition's ranges are stored", async () => {
    const untold = [expect.stringMatching(/^Ranges in flight of b:1 are stored, .* --discard-intents/)];
    await commit("b", 1, `m3 ${bundle}`);
    await commit("a", 0, "m3 +q1fPOx0a0-tAdcWd");
    await commit("a", 1, "m3 +AAAAAAAAAAAAAAAA");
    expect(await faults([0])).toEqual(untold);
    expect(await faults([1])).toEqual([]);
    // Another says it, too.
    await commit("a", 1, "m3 +q1fPOx0a0-tAdcWd");
    expect(await faults([0])).toEqual([]);
    await commit("a", 1, "m2");
    await commit("a", 0, `m3 ${bundle}!`);
    expect(await faults([0])).toEqual(expect.arrayContaining(untold));
    // It knows it by itself.
    await commit("b", 1, `m3 ${bundle}!`);
    expect(await faults([0])).toEqual([expect.stringContaining("Records would be read again")]);
  });
});
