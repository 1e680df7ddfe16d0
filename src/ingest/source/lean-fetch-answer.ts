import { createRequire } from "node:module";

/**
 * Reads the answer to a fetch (version 11, what every broker since 2.3 speaks) without garbage.
 *
 * kafkajs decodes each partition into an object, a promise and three 64-bit numbers, whether it has records or not. Most
 * have none: a fetch returns as soon as one partition has a byte. Here a partition without records is one object.
 *
 * Loaded by raw-kafkajs.ts, and in its place before kafkajs fetches first.
 */

interface Decoder {
  buffer: Buffer;
  offset: number;
  readInt16(): number;
  readInt32(): number;
  readString(): string;
}

type DecodeMessages = (decoder: Decoder) => Promise<object[]>;

const require = createRequire(import.meta.url);
const responsePath = require.resolve("kafkajs/src/protocol/requests/fetch/v11/response.js");

const INT64_BYTES = 8;
const INT32_BYTES = 4;

function readInt64(decoder: Decoder): bigint {
  const value = decoder.buffer.readBigInt64BE(decoder.offset);
  decoder.offset += INT64_BYTES;
  return value;
}

/** Offsets are below 2^53, and −1. */
function readOffset(decoder: Decoder): string {
  const { buffer, offset } = decoder;
  decoder.offset += INT64_BYTES;
  return String(buffer.readInt32BE(offset) * 2 ** 32 + buffer.readUInt32BE(offset + INT32_BYTES));
}

function readAborted(decoder: Decoder): { producerId: string; firstOffset: string }[] {
  const count = Math.max(0, decoder.readInt32());
  return Array.from({ length: count }, () => ({
    producerId: readInt64(decoder).toString(),
    firstOffset: readInt64(decoder).toString(),
  }));
}

/** All but the records. */
function decodePartition(decoder: Decoder) {
  return {
    partition: decoder.readInt32(),
    errorCode: decoder.readInt16(),
    highWatermark: readOffset(decoder),
    lastStableOffset: readOffset(decoder),
    lastStartOffset: readOffset(decoder),
    abortedTransactions: readAborted(decoder),
    preferredReadReplica: decoder.readInt32(),
    messages: [] as object[],
  };
}

async function decodeFetch(decoder: Decoder, decodeMessages: DecodeMessages): Promise<object> {
  const clientSideThrottleTime = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const sessionId = decoder.readInt32();
  const responses: { topicName: string; partitions: object[] }[] = [];
  for (let topicsLeft = decoder.readInt32(); topicsLeft > 0; topicsLeft--) {
    const response = { topicName: decoder.readString(), partitions: [] as object[] };
    for (let left = decoder.readInt32(); left > 0; left--) {
      const partition = decodePartition(decoder);
      // Most have none, and each look would cost a promise.
      if (decoder.buffer.readInt32BE(decoder.offset) > 0) partition.messages = await decodeMessages(decoder);
      else decoder.offset += INT32_BYTES;
      response.partitions.push(partition);
    }
    responses.push(response);
  }
  // As kafkajs has it: the broker did not wait, it expects the client to.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

/** Puts it in kafkajs' place. `decodeMessages` is loaded by now, with the decoder that yields whole batches. */
export function installLeanAnswer(): void {
  const Decoder: new (data: Buffer) => Decoder = require("kafkajs/src/protocol/decoder.js");
  const decodeMessages: DecodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");
  const response: object = require("kafkajs/src/protocol/requests/fetch/v11/response.js");
  require.cache[responsePath]!.exports = {
    ...response,
    decode: (data: Buffer) => decodeFetch(new Decoder(data), decodeMessages),
  };
}
