import { createRequire } from "node:module";
import type * as KafkaJs from "kafkajs";
import { type AbortedTransaction, type FetchedBatch, markAborted, readFetchedBatch } from "./fetched-batch.ts";
import { installLeanAnswer } from "./lean-fetch-answer.ts";

/**
 * The seam: kafkajs' fetch hands on whole record batches instead of decoded messages.
 *
 * kafkajs 2.2.4 decodes every record into a JS object on the main thread. One module does it
 * (`protocol/recordBatch/v0/decoder`); this file puts another function in its place before kafkajs first loads it. What its
 * answers call messages are batches then (fetched-batch.ts), which fetch-from-node.ts and range-reader.ts take.
 *
 * The replacement holds for the whole process: kafkajs loads its protocol modules at the first request, so a private
 * instance beside the usual one is not possible. A consumer that createSource() did not make cannot fetch here; producers
 * and admin clients are not affected. Import this file before any consumer of the process has fetched; it refuses to load
 * afterwards.
 */

const require = createRequire(import.meta.url);
const decoderPath = require.resolve("kafkajs/src/protocol/recordBatch/v0/decoder.js");
const decoderUserPath = require.resolve("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js");

interface FetchDecoder {
  buffer: Buffer;
  offset: number;
  forward(byteCount: number): void;
}

/** For brokers before 2.3; what later ones answer lean-fetch-answer.ts reads. */
async function decodeAsBatch(decoder: FetchDecoder): Promise<{ records: [FetchedBatch] }> {
  const { KafkaJSPartialMessageError } = require("kafkajs/src/errors.js");
  const batch = readFetchedBatch(decoder.buffer, decoder.offset);
  if (batch === undefined) throw new KafkaJSPartialMessageError("the answer ends inside a record batch");
  decoder.forward(batch.bytes.length);
  return { records: [batch] };
}

function installReplacement(): void {
  if (require.cache[decoderUserPath] !== undefined) {
    throw new Error(
      "Cannot replace the record batch decoder of kafkajs: a consumer of this process has used it already",
    );
  }
  require(decoderPath);
  require.cache[decoderPath]!.exports = decodeAsBatch;
  // Loads the one module that uses the decoder, so that no later change of the cache can undo the replacement.
  require(decoderUserPath);
}

interface FetchedPartition {
  messages: FetchedBatch[];
  abortedTransactions?: AbortedTransaction[] | null;
}

interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
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

/** Marks aborted batches. Partitions with an error are told apart before (partial-admin.ts). */
function markAbortedInAnswers(): void {
  const { prototype }: { prototype: Broker } = require("kafkajs/src/broker/index.js");
  const fetch = prototype.fetch;
  prototype.fetch = async function (this: Broker, request) {
    const answer = await fetch.call(this, request);
    for (const response of answer.responses) {
      for (const { messages, abortedTransactions } of response.partitions) {
        markAborted(messages, abortedTransactions ?? []);
      }
    }
    return answer;
  };
}

installReplacement();
installLeanAnswer();
markAbortedInAnswers();
dropEmptyRemainders();
export const RawKafka: typeof KafkaJs.Kafka = require("kafkajs").Kafka;
