import { createRequire } from "node:module";
import { MillraceError } from "../../core/errors.ts";
import { readInt64 } from "../../core/int64.ts";
import { BATCH_MAGIC, MAGIC_AT } from "../../core/record-batch-header.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { type FetchedBatch, readFetchedBatch } from "./fetched-batch.ts";

/**
 * Reads the answer to a fetch (version 11, what every broker since 2.3 speaks) without garbage.
 *
 * kafkajs decodes each partition into an object, a promise and three 64-bit numbers, whether it has records or not, and each
 * batch into many more. Here a partition is one object, and so is a batch.
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

const require = createRequire(import.meta.url);
const responsePath = require.resolve("kafkajs/src/protocol/requests/fetch/v11/response.js");

const INT64_BYTES = 8;

function readBigInt(decoder: Decoder): bigint {
  const value = decoder.buffer.readBigInt64BE(decoder.offset);
  decoder.offset += INT64_BYTES;
  return value;
}

/** Offsets are below 2^53, and −1. */
function readOffset(decoder: Decoder): string {
  const { buffer, offset } = decoder;
  decoder.offset += INT64_BYTES;
  return String(readInt64(buffer, offset));
}

function readAborted(decoder: Decoder): { producerId: string; firstOffset: string }[] {
  const count = Math.max(0, decoder.readInt32());
  return Array.from({ length: count }, () => ({
    producerId: readBigInt(decoder).toString(),
    firstOffset: readBigInt(decoder).toString(),
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
    messages: [] as FetchedBatch[],
  };
}

/**
 * All batches that are whole; the last one may be cut off, at the limit that the broker was given.
 *
 * @throws MillraceError E_KAFKA when the first is in a format of before Kafka 0.11.
 */
function readBatches(decoder: Decoder, at: TopicPartition): FetchedBatch[] {
  const byteLength = decoder.readInt32();
  if (byteLength <= 0) return [];
  const bytes = decoder.buffer.subarray(decoder.offset, decoder.offset + byteLength);
  decoder.offset += byteLength;
  const batches: FetchedBatch[] = [];
  let offset = 0;
  for (;;) {
    // Each is looked at: a topic whose format was set back has old ones behind new ones. These are handed over first.
    const magic = bytes[offset + MAGIC_AT] ?? BATCH_MAGIC;
    if (magic !== BATCH_MAGIC) {
      if (batches.length > 0) return batches;
      const what = `Cannot read ${partitionKey(at)}: its records have the format of before Kafka 0.11 (magic ${magic})`;
      throw new MillraceError("E_KAFKA", `${what}; have a current producer write them anew, or begin behind them`);
    }
    const batch = readFetchedBatch(bytes, offset);
    if (batch === undefined) return batches;
    batches.push(batch);
    offset += batch.bytes.length;
  }
}

function decodeFetch(decoder: Decoder): object {
  const clientSideThrottleTime = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const sessionId = decoder.readInt32();
  const responses: { topicName: string; partitions: object[] }[] = [];
  for (let topicsLeft = decoder.readInt32(); topicsLeft > 0; topicsLeft--) {
    const response = { topicName: decoder.readString(), partitions: [] as object[] };
    for (let left = decoder.readInt32(); left > 0; left--) {
      const partition = decodePartition(decoder);
      partition.messages = readBatches(decoder, { topic: response.topicName, partition: partition.partition });
      response.partitions.push(partition);
    }
    responses.push(response);
  }
  // As kafkajs has it: the broker did not wait, it expects the client to.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

/** Puts it in kafkajs' place. */
export function installLeanAnswer(): void {
  const Decoder: new (data: Buffer) => Decoder = require("kafkajs/src/protocol/decoder.js");
  const response: object = require("kafkajs/src/protocol/requests/fetch/v11/response.js");
  require.cache[responsePath]!.exports = {
    ...response,
    decode: async (data: Buffer) => decodeFetch(new Decoder(data)),
  };
}
