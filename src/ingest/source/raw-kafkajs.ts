import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  CONTROL_BIT,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  TRANSACTIONAL_BIT,
} from "../../core/record-batch-header.ts";
import { installLeanAnswer } from "./lean-fetch-answer.ts";
import { readerOf } from "./response-frames.ts";

/**
 * The seam: kafkajs' fetch hands on whole record batches instead of decoded messages.
 *
 * kafkajs 2.2.4 decodes every record into a JS object on the main thread. One module does it
 * (`protocol/recordBatch/v0/decoder`); this file puts another function in its place before kafkajs first loads it. Each
 * batch becomes one kafkajs "message" under the batch's last offset; `value` holds the batch as bytes. Fetching, paging,
 * heartbeats and commits go on working, because they look only at offsets.
 *
 * The replacement holds for every consumer of this process: kafkajs loads its protocol modules at the first request, so
 * a private instance beside the usual one is not possible. Producers and admin clients are not affected. Import this
 * file before any consumer of the process has fetched; it refuses to load afterwards.
 */

const require = createRequire(import.meta.url);
const decoderPath = require.resolve("kafkajs/src/protocol/recordBatch/v0/decoder.js");
const decoderUserPath = require.resolve("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");

interface FetchDecoder {
  buffer: Buffer;
  offset: number;
  forward(byteCount: number): void;
}

/** What kafkajs sees as one message: a whole batch. */
export interface RawMessage {
  offset: string;
  value: Buffer;
  batchContext: { firstOffset: string; count: number; producerId: string; inTransaction: boolean };
  /** Of a control batch: the key of its record. */
  key: Buffer | null;
  /** The batch's transaction was taken back: its records do not count. */
  isAborted: boolean;
  /** The last of its answer, and the broker has more of the partition that can be read. */
  hasMore: boolean;
  /** To be called when `value` is not read any more; undefined when its response is not reused. */
  release: (() => void) | undefined;
}

function replaceDecoder(original: (decoder: FetchDecoder) => Promise<{ records: { key: Buffer | null }[] }>) {
  const { KafkaJSPartialMessageError } = require("kafkajs/src/errors.js");
  return async function decodeAsBytes(decoder: FetchDecoder) {
    const { buffer, offset: start } = decoder;
    const byteLength = LENGTH_EXCLUDES_BYTES + buffer.readInt32BE(start + LENGTH_AT);
    if (byteLength < BATCH_HEADER_BYTES || buffer.length - start < byteLength) {
      throw new KafkaJSPartialMessageError(`record batch of ${byteLength} bytes, ${buffer.length - start} received`);
    }
    const attributes = buffer.readInt16BE(start + ATTRIBUTES_AT);
    const baseOffset = buffer.readBigInt64BE(start + BASE_OFFSET_AT);
    // The abort marker's key tells kafkajs where a transaction ends; only a control batch has one.
    const key = (attributes & CONTROL_BIT) !== 0 ? await controlKey(original, decoder) : null;
    decoder.offset = start;
    decoder.forward(byteLength);
    const record = {
      magicByte: BATCH_MAGIC,
      attributes: 0,
      timestamp: "0",
      offset: (baseOffset + BigInt(buffer.readInt32BE(start + LAST_OFFSET_DELTA_AT))).toString(),
      key,
      value: buffer.subarray(start, start + byteLength),
      isAborted: false,
      hasMore: false,
      release: readerOf(buffer),
      headers: {},
      // Never "control": a control batch must reach the pipeline too, or its offset would never be committed.
      isControlRecord: false,
      batchContext: {
        firstOffset: baseOffset.toString(),
        inTransaction: (attributes & TRANSACTIONAL_BIT) !== 0,
        producerId: buffer.readBigInt64BE(start + PRODUCER_ID_AT).toString(),
        count: buffer.readInt32BE(start + RECORD_COUNT_AT),
      },
    };
    return { records: [record] };
  };
}

async function controlKey(
  original: (decoder: FetchDecoder) => Promise<{ records: { key: Buffer | null }[] }>,
  decoder: FetchDecoder,
): Promise<Buffer | null> {
  const { records } = await original(decoder);
  return records[0]?.key ?? null;
}

function installReplacement(): void {
  if (require.cache[decoderUserPath] !== undefined) {
    throw new Error(
      "Cannot replace the record batch decoder of kafkajs: a consumer of this process has used it already",
    );
  }
  const original = require(decoderPath);
  require.cache[decoderPath]!.exports = replaceDecoder(original);
  // Loads the one module that uses the decoder, so that no later change of the cache can undo the replacement.
  require(decoderUserPath);
}

interface FetchedPartition {
  messages: RawMessage[];
  /** Behind the last record that can be read: no transaction before it is open. */
  lastStableOffset: string;
  abortedTransactions?: { firstOffset: string; producerId: string }[] | null;
}

/**
 * Marks the batches of aborted transactions, and takes the list away that kafkajs would filter by.
 *
 * Its filter takes one transaction off the broker's list for each message, in the list's order, which is that of the
 * transactions' ends: with two that overlap it lets messages through, and here a message is a whole batch. What it filters,
 * nobody hears of, and the offsets would be missing.
 */
function markAborted(fetched: FetchedPartition): void {
  const upcoming = (fetched.abortedTransactions ?? [])
    .map(({ firstOffset, producerId }) => ({ firstOffset: BigInt(firstOffset), producerId: String(producerId) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  fetched.abortedTransactions = [];
  if (upcoming.length === 0) return;
  const aborted = new Set<string>();
  for (const message of fetched.messages) {
    const { firstOffset, producerId, inTransaction } = message.batchContext;
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= BigInt(firstOffset)) {
      aborted.add(upcoming.shift()!.producerId);
    }
    if (message.key === null) message.isAborted = inTransaction && aborted.has(producerId);
    else if (isAbortMarker(message.key)) aborted.delete(producerId);
  }
}

function markEnd({ messages, lastStableOffset }: FetchedPartition): void {
  const last = messages.at(-1);
  if (last !== undefined) last.hasMore = Number(last.offset) + 1 < Number(lastStableOffset);
}

/** Version and type of a control record; type 0 ends a transaction that is taken back. */
function isAbortMarker(key: Buffer): boolean {
  return key.length >= 4 && key.readInt16BE(2) === 0;
}

interface Broker {
  /** `keepsEmpty`: the asker wants to know of partitions without records, too. kafkajs knows no such word and sends none. */
  fetch(request: { keepsEmpty?: boolean }): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
}

interface Connection {
  chunks: Buffer[];
  bytesBuffered: number;
  processData(data: Buffer): void;
}

/**
 * After each response kafkajs keeps what came after it, an empty buffer as a rule, and concatenates it with the next
 * chunk: a copy of every response, even when each arrives whole (frame-socket.ts). Without the empty one there is
 * nothing to concatenate.
 */
function dropEmptyRemainders(): void {
  const { prototype }: { prototype: Connection } = require("kafkajs/src/network/connection.js");
  const processData = prototype.processData;
  prototype.processData = function (this: Connection, data) {
    if (this.bytesBuffered === 0) this.chunks = [];
    processData.call(this, data);
  };
}

function hasMessages({ messages }: FetchedPartition): boolean {
  return messages.length > 0;
}

/**
 * Marks aborted batches, and the last of each partition, and takes the partitions out that have nothing new, which in a topic of 256 are four of five: for
 * each of them kafkajs would search its request, make a batch, pass it through its workers and look whether a heartbeat is
 * due. With nothing left it looks once. Partitions with an error are told apart before (group-member.ts).
 */
function trimAnswers(): void {
  const { prototype }: { prototype: Broker } = require("kafkajs/src/broker/index.js");
  const fetch = prototype.fetch;
  prototype.fetch = async function (this: Broker, request) {
    const answer = await fetch.call(this, request);
    for (const response of answer.responses) {
      if (request.keepsEmpty !== true) response.partitions = response.partitions.filter(hasMessages);
      response.partitions.forEach(markAborted);
      response.partitions.forEach(markEnd);
    }
    return answer;
  };
}

installReplacement();
installLeanAnswer();
trimAnswers();
dropEmptyRemainders();
export const RawKafka: typeof KafkaJs.Kafka = require("kafkajs").Kafka;
