import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { readCommitTexts } from "./commit-request.ts";

/** The client's own encoders, so that what is read is what it sends. */
const require = createRequire(import.meta.url);
const encodeRequest = require("kafkajs/src/protocol/request");
const { protocol } = require("kafkajs/src/protocol/requests/offsetCommit");

const topics = [
  {
    topic: "logs.auth",
    partitions: [
      { partition: 3, offset: "10", metadata: "m2 10-29@7" },
      { partition: 4, offset: "0", metadata: "" },
      { partition: 5, offset: "1" },
    ],
  },
  { topic: "größe", partitions: [{ partition: 0, offset: "9007199254740991", metadata: "ä" }] },
];

async function frameOf(version: number): Promise<Buffer> {
  const { request } = protocol({ version })({ groupId: "g", groupGenerationId: 2, memberId: "m-1", topics });
  const { buffer } = await encodeRequest({ correlationId: 5, clientId: "client", request });
  return buffer.subarray(4);
}

describe("readCommitTexts()", () => {
  it.each([2, 3, 4, 5])("reads version %i", async (version) => {
    expect(readCommitTexts(await frameOf(version))).toEqual([
      { topic: "logs.auth", partition: 3, metadata: "m2 10-29@7" },
      { topic: "größe", partition: 0, metadata: "ä" },
    ]);
  });

  it("refuses a version that it cannot read", async () => {
    const frame = await frameOf(5);
    frame.writeInt16BE(8, 2);
    expect(() => readCommitTexts(frame)).toThrow(/version 8/);
  });
});
