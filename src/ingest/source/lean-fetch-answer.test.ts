import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { installLeanAnswer } from "./lean-fetch-answer.ts";

const require = createRequire(import.meta.url);

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
