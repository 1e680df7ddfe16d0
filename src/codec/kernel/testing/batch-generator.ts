import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  COMPRESSION_LZ4,
  COMPRESSION_SNAPPY,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  LOG_APPEND_TIME_BIT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
} from "../../../core/record-batch-header.ts";
import { concat, makeBatch, type RecordInit } from "../../testing/record-batch.ts";
import { RECORD_MS } from "../../testing/task.ts";
import { damageDocument } from "./document-generator.ts";
import { lz4Frame, snappyBlock, xerial } from "./packed-bytes.ts";
import { damage, type Randomness } from "./randomness.ts";

/** Record batches around documents, and the same with lies in every field. */

const require = createRequire(import.meta.url);
const snappyjs: { compress(bytes: Uint8Array): Uint8Array } = require("snappyjs");
const lz4js: { compress(bytes: Uint8Array): Uint8Array } = require("lz4js");

function snappy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(snappyjs.compress(bytes));
}

const packers: ((bytes: Uint8Array) => Uint8Array)[] = [
  (bytes) => bytes,
  (bytes) => gzipSync(bytes),
  snappy,
  (bytes) => new Uint8Array(lz4js.compress(bytes)),
  (bytes) => zstdCompressSync(bytes),
];

/** A sound batch of some documents; offsets have gaps now and then, as after compaction. */
export function drawBatch(
  random: Randomness,
  documents: (Uint8Array | null)[],
  baseOffset: number,
  codec = random.below(5),
): Uint8Array<ArrayBuffer> {
  let offsetDelta = -1;
  const records: RecordInit[] = documents.map((value) => {
    offsetDelta += random.oneIn(10) ? 1 + random.below(4) : 1;
    const key = random.oneIn(3) ? null : random.bytes(random.below(20));
    return { value, offsetDelta, key, timestampDelta: timestampDelta(random), headers: headers(random) };
  });
  const isStamped = random.oneIn(6);
  return makeBatch(records, {
    baseOffset,
    baseTimestampMs: random.oneIn(12) ? -1 : RECORD_MS,
    maxTimestampMs: RECORD_MS + 500,
    attributes: codec | (isStamped ? LOG_APPEND_TIME_BIT : 0),
    compress:
      random.oneIn(4) && (codec === COMPRESSION_SNAPPY || codec === COMPRESSION_LZ4)
        ? otherPacker(codec)
        : packers[codec]!,
  });
}

/** Forms that the packers at hand do not make: snappy-java's stream, frames in a row, stored blocks. */
function otherPacker(codec: typeof COMPRESSION_SNAPPY | typeof COMPRESSION_LZ4): (bytes: Uint8Array) => Uint8Array {
  return function pack(bytes) {
    const half = bytes.length >> 1;
    const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter(({ length }) => length > 0);
    if (codec === COMPRESSION_SNAPPY) return xerial(parts.map(snappy));
    return concat(parts.map((part) => lz4Frame({ hasContentSize: true }, [{ bytes: part, isStored: true }])));
  };
}

function timestampDelta(random: Randomness): number {
  return random.oneIn(12) ? random.below(2 ** 31) * (random.oneIn(2) ? 1 : -4_000) : random.below(1_000);
}

function headers(random: Randomness): [string, string | null][] {
  return random.oneIn(4) ? [["trace", random.oneIn(3) ? null : "0af7651916cd43dd"]] : [];
}

/** A batch of one to five documents, each damaged by itself, so that the records around them stay sound. */
export function drawDamagedDocuments(
  random: Randomness,
  documents: (Uint8Array | null)[],
  baseOffset: number,
): Uint8Array<ArrayBuffer> {
  const records: RecordInit[] = Array.from({ length: 1 + random.below(5) }, () => {
    const value = documents[random.below(documents.length)]!;
    return { value: value === null || random.oneIn(6) ? value : damageDocument(value, random), timestampDelta: 7 };
  });
  const packing = random.below(8);
  if (packing > 1) return makeBatch(records, { baseOffset, baseTimestampMs: RECORD_MS });
  const compress = (bytes: Uint8Array) =>
    packing === 0 ? lz4Frame({}, [{ bytes, isStored: true }]) : snappyBlock([{ literals: bytes }]);
  return makeBatch(records, {
    baseOffset,
    baseTimestampMs: RECORD_MS,
    attributes: packing === 0 ? COMPRESSION_LZ4 : COMPRESSION_SNAPPY,
    compress,
  });
}

const integers32 = [0, 1, -1, 2, 3, 7, 127, 128, 255, 65_535, 2 ** 31 - 1, -(2 ** 31)];
const integers64 = [
  0n,
  1n,
  -1n,
  1_700_000_000_000n,
  2n ** 52n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  -(2n ** 53n),
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

/** Places and widths of the header's fields: length, magic, attributes, deltas, times, producer, record count. */
const headerFields: [at: number, bytes: 1 | 2 | 4 | 8][] = [
  [LENGTH_AT, 4],
  [MAGIC_AT, 1],
  [ATTRIBUTES_AT, 2],
  [LAST_OFFSET_DELTA_AT, 4],
  [BASE_TIMESTAMP_AT, 8],
  [MAX_TIMESTAMP_AT, 8],
  [PRODUCER_ID_AT, 8],
  [RECORD_COUNT_AT, 4],
  [RECORD_COUNT_AT, 4],
];

/** A copy of a batch that lies in one to four places. `other` is a batch to splice in. */
export function mutateBatch(
  random: Randomness,
  batch: Uint8Array<ArrayBuffer>,
  other: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let mutated = Uint8Array.from(batch);
  for (let edits = 1 + random.below(random.oneIn(3) ? 4 : 1); edits > 0; edits--) {
    mutated = mutateOnce(random, mutated, other);
  }
  // With a wrong length nobody reads further: most batches are to be read.
  if (mutated.length >= LENGTH_EXCLUDES_BYTES && !random.oneIn(30)) {
    new DataView(mutated.buffer).setInt32(LENGTH_AT, mutated.length - LENGTH_EXCLUDES_BYTES);
  }
  return mutated;
}

function mutateOnce(
  random: Randomness,
  batch: Uint8Array<ArrayBuffer>,
  other: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (batch.length <= BATCH_HEADER_BYTES) return batch;
  const at = BATCH_HEADER_BYTES + random.below(batch.length - BATCH_HEADER_BYTES);
  switch (random.below(16)) {
    case 0:
      lieInHeader(random, new DataView(batch.buffer));
      return batch;
    case 1:
      return concat([batch.subarray(0, at), batch.subarray(at + 1 + random.below(8))]);
    case 2:
      return concat([batch.subarray(0, at), random.bytes(1 + random.below(8)), batch.subarray(at)]);
    case 3:
      return concat([batch.subarray(0, at + 1 + random.below(60)), batch.subarray(at)]);
    case 4:
      return concat([
        batch.subarray(0, at),
        other.subarray(Math.min(other.length, BATCH_HEADER_BYTES + random.below(other.length))),
      ]);
    case 5:
      return batch.slice(0, at);
    case 6:
      return concat([batch.subarray(0, BATCH_HEADER_BYTES), damage(batch.subarray(BATCH_HEADER_BYTES), random)]);
    case 7:
      batch[at] = [0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff][random.below(9)]!;
      return batch;
    case 8:
      batch.fill(0xff, at, at + 1 + random.below(10)); // an endless varint
      return batch;
    case 9:
      // Where a record of a small batch begins: its length and its deltas.
      batch[BATCH_HEADER_BYTES + random.below(Math.min(8, batch.length - BATCH_HEADER_BYTES))] = random.below(256);
      return batch;
    default:
      batch[at] = random.oneIn(2) ? random.below(256) : batch[at]! ^ (1 << random.below(8));
      return batch;
  }
}

function lieInHeader(random: Randomness, view: DataView): void {
  const [at, bytes] = headerFields[random.below(headerFields.length)]!;
  const small = integers32[random.below(integers32.length)]!;
  if (bytes === 1) view.setInt8(at, small);
  else if (bytes === 2) view.setInt16(at, random.oneIn(2) ? 1 << random.below(7) : view.getInt16(at) ^ random.below(8));
  else if (bytes === 4) view.setInt32(at, random.oneIn(2) ? view.getInt32(at) + random.below(5) - 2 : small);
  else
    view.setBigInt64(
      at,
      integers64[random.below(integers64.length)]! + BigInt(random.below(3)) - (small === 0 ? 0n : 1n),
    );
  // A lying base offset leaves the task's range and says little: seldom.
  if (random.oneIn(20)) view.setBigInt64(BASE_OFFSET_AT, integers64[random.below(integers64.length)]!);
}
