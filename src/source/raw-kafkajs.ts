import { createRequire } from "node:module";
import { dirname } from "node:path";
import type * as KafkaJs from "kafkajs";

/**
 * The seam: a private copy of kafkajs whose fetch hands on whole record batches instead of decoded messages.
 *
 * kafkajs 2.2.4 decodes every record into a JS object on the main thread. One module does it
 * (`protocol/recordBatch/v0/decoder`), so this file loads a second, private instance of kafkajs with that module
 * replaced. Each batch becomes one kafkajs "message" under the batch's last offset; `value` holds the batch as bytes.
 * Fetching, paging, heartbeats, commits and the filter for aborted transactions go on working, because they look only
 * at offsets and at `batchContext`.
 *
 * A private instance, because the replaced module changes what every consumer of that instance gets: the simulator, the
 * tests and the admin client keep the kafkajs that everybody knows.
 */

const require = createRequire(import.meta.url);
const libraryFolder = dirname(require.resolve("kafkajs/package.json"));
const decoderPath = require.resolve("kafkajs/src/protocol/recordBatch/v0/decoder.js");

/** Offsets inside a record batch header (KIP-98; https://kafka.apache.org/documentation/#recordbatch). */
const LENGTH_AT = 8;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const PRODUCER_ID_AT = 43;
const RECORD_COUNT_AT = 57;
const HEADER_BYTES = 61;
/** Base offset and length: what the length field does not count. */
const LENGTH_EXCLUDES_BYTES = 12;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

interface FetchDecoder {
  buffer: Buffer;
  offset: number;
  forward(byteCount: number): void;
}

/** What kafkajs sees as one message: a whole batch. */
export interface RawMessage {
  offset: string;
  value: Buffer;
  batchContext: { firstOffset: string; count: number };
}

function replaceDecoder(original: (decoder: FetchDecoder) => Promise<{ records: { key: Buffer | null }[] }>) {
  const { KafkaJSPartialMessageError } = require("kafkajs/src/errors.js");
  return async function decodeAsBytes(decoder: FetchDecoder) {
    const { buffer, offset: start } = decoder;
    const byteLength = LENGTH_EXCLUDES_BYTES + buffer.readInt32BE(start + LENGTH_AT);
    if (byteLength < HEADER_BYTES || buffer.length - start < byteLength) {
      throw new KafkaJSPartialMessageError(`record batch of ${byteLength} bytes, ${buffer.length - start} received`);
    }
    const attributes = buffer.readInt16BE(start + ATTRIBUTES_AT);
    const baseOffset = buffer.readBigInt64BE(start);
    // The abort marker's key tells kafkajs where a transaction ends; only a control batch has one.
    const key = (attributes & CONTROL) !== 0 ? await controlKey(original, decoder) : null;
    decoder.offset = start;
    decoder.forward(byteLength);
    const record = {
      magicByte: 2,
      attributes: 0,
      timestamp: "0",
      offset: (baseOffset + BigInt(buffer.readInt32BE(start + LAST_OFFSET_DELTA_AT))).toString(),
      key,
      value: buffer.subarray(start, start + byteLength),
      headers: {},
      // Never "control": a control batch must reach the pipeline too, or its offset would never be committed.
      isControlRecord: false,
      batchContext: {
        firstOffset: baseOffset.toString(),
        inTransaction: (attributes & TRANSACTIONAL) !== 0,
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

/** Loads the private instance. The module cache is restored, so that other importers are not affected. */
function loadPrivateInstance(): typeof KafkaJs {
  const saved = new Map<string, NodeJS.Module | undefined>();
  for (const path of Object.keys(require.cache)) {
    if (!path.startsWith(libraryFolder)) continue;
    saved.set(path, require.cache[path]);
    delete require.cache[path];
  }
  const original = require(decoderPath);
  const decoderModule = require.cache[decoderPath];
  if (decoderModule === undefined) throw new Error("Cannot replace the record batch decoder of kafkajs: not in cache");
  decoderModule.exports = replaceDecoder(original);
  const instance = require("kafkajs");
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(libraryFolder)) delete require.cache[path];
  }
  for (const [path, module] of saved) require.cache[path] = module;
  return instance;
}

const instance = loadPrivateInstance();
export const RawKafka = instance.Kafka;
