import { createRequire } from "node:module";

/**
 * kafkajs' words of a fetch (version 11, what every broker since 2.3 speaks), written and read without garbage.
 *
 * kafkajs encodes each partition in two buffers of its own, of 512 bytes each, and decodes each into an object, a promise and
 * three 64-bit numbers, whether it has records or not. Most have none: a fetch returns as soon as one partition has a byte.
 * With 256 partitions and 5,000 events/s, collecting this garbage alone took 10 % of a core and more. Here a request is one
 * buffer, and a partition without records one object.
 *
 * Loaded by raw-kafkajs.ts, and in its place before kafkajs fetches first.
 */

interface FetchFields {
  replicaId: number;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  isolationLevel: number;
  sessionId: number;
  sessionEpoch: number;
  topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  rackId: string | undefined;
}

interface Encoder {
  buf: Buffer;
  offset: number;
  writeInt8(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeString(value: string): Encoder;
}

interface Decoder {
  buffer: Buffer;
  offset: number;
  readInt16(): number;
  readInt32(): number;
  readString(): string;
}

type EncoderClass = new (initialSize: number) => Encoder;
type DecodeMessages = (decoder: Decoder) => Promise<object[]>;

const require = createRequire(import.meta.url);
const requestPath = require.resolve("kafkajs/src/protocol/requests/fetch/v11/request.js");
const responsePath = require.resolve("kafkajs/src/protocol/requests/fetch/v11/response.js");

const PARTITION_BYTES = 28;
/** Lengths of the name and of the list. */
const TOPIC_BYTES = 6;
/** Everything that is written once, and a rack's name. */
const FRAME_BYTES = 512;
const INT64_BYTES = 8;
const NO_EPOCH = -1;
const NO_OFFSET = -1n;
const INT32_BYTES = 4;

/** As kafkajs' own, for a whole fetch (no session, hence no forgotten topics). */
function encodeFetch(Encoder: EncoderClass, fields: FetchFields): Encoder {
  const { topics } = fields;
  const byteLength = topics.reduce(
    (sum, { topic, partitions }) => sum + TOPIC_BYTES + Buffer.byteLength(topic) + partitions.length * PARTITION_BYTES,
    FRAME_BYTES,
  );
  const encoder = new Encoder(byteLength);
  encoder.writeInt32(fields.replicaId).writeInt32(fields.maxWaitTime);
  encoder.writeInt32(fields.minBytes).writeInt32(fields.maxBytes).writeInt8(fields.isolationLevel);
  encoder.writeInt32(fields.sessionId).writeInt32(fields.sessionEpoch).writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    encoder.writeString(topic).writeInt32(partitions.length);
    for (const { partition, fetchOffset, maxBytes } of partitions) {
      encoder.writeInt32(partition).writeInt32(NO_EPOCH);
      encoder.offset = encoder.buf.writeBigInt64BE(BigInt(fetchOffset), encoder.offset);
      encoder.offset = encoder.buf.writeBigInt64BE(NO_OFFSET, encoder.offset);
      encoder.writeInt32(maxBytes);
    }
  }
  return encoder.writeInt32(0).writeString(fields.rackId ?? "");
}

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

/** Puts both in kafkajs' place. `decodeMessages` is loaded by now, with the decoder that yields whole batches. */
export function installLeanFetch(): void {
  const Encoder: EncoderClass = require("kafkajs/src/protocol/encoder.js");
  const Decoder: new (data: Buffer) => Decoder = require("kafkajs/src/protocol/decoder.js");
  const decodeMessages: DecodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");
  const request: (fields: FetchFields) => object = require("kafkajs/src/protocol/requests/fetch/v11/request.js");
  const response: object = require("kafkajs/src/protocol/requests/fetch/v11/response.js");
  require.cache[requestPath]!.exports = (fields: FetchFields) => ({
    ...request(fields),
    encode: async () => encodeFetch(Encoder, fields),
  });
  require.cache[responsePath]!.exports = {
    ...response,
    decode: (data: Buffer) => decodeFetch(new Decoder(data), decodeMessages),
  };
}
