import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { installLeanAnswer } from "./lean-fetch-answer.ts";

const require = createRequire(import.meta.url);

const BATCH_BYTES = 70;

const load = () => require("kafkajs/src/protocol/requests/fetch/v11/response.js");

const own = load();
installLeanAnswer();
const lean = load();

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
  const decoded = await lean.decode(encoder.buffer);
  expect(decoded).toEqual(await own.decode(encoder.buffer));
  expect(decoded.responses[0].partitions).toHaveLength(3);
});

/** The answer of a partition with these messages; `magics`: their formats. */
function answerOf(magics: readonly number[]): Buffer {
  const Encoder = require("kafkajs/src/protocol/encoder.js");
  const encoder = new Encoder().writeInt32(0).writeInt16(0).writeInt32(0).writeInt32(1).writeString("t").writeInt32(1);
  const offsets = ["9", "9", "0"].reduce((to, offset) => to.writeInt64(offset), encoder.writeInt32(0).writeInt16(0));
  const messages = magics.map((magic, offset) => {
    const bytes = Buffer.alloc(BATCH_BYTES);
    bytes.writeBigInt64BE(BigInt(offset), 0);
    bytes.writeInt32BE(BATCH_BYTES - 12, 8);
    bytes.writeInt8(magic, 16);
    return bytes;
  });
  const records = Buffer.concat(messages);
  offsets.writeInt32(-1).writeInt32(-1).writeInt32(records.length);
  return Buffer.concat([encoder.buffer, records]);
}

it("does not read records of before Kafka 0.11, and hands over first what lies before them", async () => {
  const { responses } = await lean.decode(answerOf([2, 2, 1]));
  const [{ messages }] = responses[0].partitions;
  expect(messages.map((batch: { lastOffset: number }) => batch.lastOffset)).toEqual([0, 1]);
  await expect(lean.decode(answerOf([1, 2]))).rejects.toThrow(/t:0.*before Kafka 0\.11 \(magic 1\)/);
});
