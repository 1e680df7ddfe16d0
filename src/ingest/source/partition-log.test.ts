import { expect, it } from "vitest";
import { type LogCluster, PartitionLogs, READ_COMMITTED } from "./partition-log.ts";

const refused = Object.assign(new Error("Not authorized to access topics"), { type: "TOPIC_AUTHORIZATION_FAILED" });

it("says which partition cannot be read and what to do; the next question asks anew", async () => {
  let isDenied = true;
  const refuse = async () => {
    if (isDenied) throw refused;
  };
  const topicMetadata = [{ topic: "t", partitionMetadata: [{ partitionId: 0, leader: 1 }] }];
  const broker = {
    metadata: async () => ({ topicMetadata }),
    fetch: async () => ({ failed: [], responses: [{ partitions: [{ lastStableOffset: "5", messages: [] }] }] }),
  };
  const brokerPool = {
    refreshMetadata: refuse,
    findConnectedBroker: async () => broker,
    findBroker: async () => broker,
  };
  const logs = new PartitionLogs({ brokerPool } as unknown as LogCluster);
  const ask = () => logs.ask({ topic: "t", partition: 0 }, 0, 1_000, READ_COMMITTED);
  await expect(ask()).rejects.toMatchObject({
    code: "E_KAFKA",
    message: expect.stringMatching(/^t:0: .*Not authorized.*READ and DESCRIBE on the topic/),
  });
  isDenied = false;
  expect(await ask()).toEqual({ kind: "records", batches: [], stableEnd: 5 });
});
