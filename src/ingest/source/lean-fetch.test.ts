import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { installLeanFetch } from "./lean-fetch.ts";

const require = createRequire(import.meta.url);

/** kafkajs' own two modules, and what stands in their place after the installation. */
function load() {
  const request = require("kafkajs/src/protocol/requests/fetch/v11/request.js");
  const response = require("kafkajs/src/protocol/requests/fetch/v11/response.js");
  return { request, response };
}

const own = load();
installLeanFetch();
const lean = load();

it("writes a request byte for byte as kafkajs", async () => {
  const partition = (id: number, fetchOffset: string) => ({ partition: id, fetchOffset, maxBytes: 1 << 20 });
  const fields = {
    ...{ replicaId: -1, maxWaitTime: 100, minBytes: 1, maxBytes: 1 << 25, isolationLevel: 1 },
    ...{ sessionId: 0, sessionEpoch: -1, forgottenTopics: [], rackId: "" },
    topics: [
      { topic: "logs.a", partitions: [partition(0, "0"), partition(255, "9007199254740991")] },
      { topic: "t".repeat(249), partitions: Array.from({ length: 300 }, (_, id) => partition(id, String(id * 7))) },
    ],
  };
  const expected = await own.request(fields).encode();
  expect((await lean.request(fields).encode()).buffer.equals(expected.buffer)).toBe(true);
});

it("reads an answer as kafkajs: empty partitions, errors, aborted transactions", async () => {
  const Encoder = require("kafkajs/src/protocol/encoder.js");
  const encoder = new Encoder().writeInt32(7).writeInt16(0).writeInt32(0).writeInt32(2);
  encoder.writeString("logs.a").writeInt32(3);
  const head = (id: number, error: number, end: string) =>
    encoder.writeInt32(id).writeInt16(error).writeInt64(end).writeInt64("-1").writeInt64("12");
  head(0, 0, "9007199254740991").writeInt32(-1).writeInt32(-1).writeInt32(0);
  head(1, 3, "-1").writeInt32(0).writeInt32(-1).writeInt32(-1);
  head(2, 0, "4294967296").writeInt32(1).writeInt64("4001").writeInt64("77").writeInt32(2).writeInt32(0);
  encoder.writeString("logs.b").writeInt32(0);
  const decoded = await lean.response.decode(encoder.buffer);
  expect(decoded).toEqual(await own.response.decode(encoder.buffer));
  expect(decoded.responses[0].partitions).toHaveLength(3);
});
