import { createRequire } from "node:module";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Compression, compressions } from "../config/simulator-words.ts";
import { murmur2, partitionOfKey } from "./murmur2.ts";
import { finishRecordBatch, RecordBatchBuilder } from "./record-batch.ts";

const require = createRequire(import.meta.url);
const lz4 = require("lz4js");
const snappy = require("snappyjs");
const { CompressionCodecs, CompressionTypes } = require("kafkajs");
const Decoder = require("kafkajs/src/protocol/decoder");
const decodeRecordBatch = require("kafkajs/src/protocol/recordBatch/v0/decoder");
const crc32C = require("kafkajs/src/protocol/recordBatch/crc32C");
const kafkajsMurmur2 = require("kafkajs/src/producer/partitioners/default/murmur2");

// kafkajs brings gzip only: the others are decoded by libraries that the encoder does not use.
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  decompress: (bytes: Buffer) => Buffer.from(snappy.uncompress(bytes)),
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({ decompress: (bytes: Buffer) => Buffer.from(lz4.decompress(bytes)) });
CompressionCodecs[CompressionTypes.ZSTD] = () => ({ decompress: (bytes: Buffer) => zstdDecompressSync(bytes) });

interface TestRecord {
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
}

function encode(records: TestRecord[], compression: Compression): Buffer {
  const builder = new RecordBatchBuilder(64);
  for (const { timestampMs, key, value } of records) {
    builder.append(timestampMs, key, value ?? Buffer.alloc(0), value === null ? -1 : value.length);
  }
  const batch = builder.seal(compression);
  finishRecordBatch(batch, { producerId: 77n, producerEpoch: 3, baseSequence: 2 ** 31 - 1 });
  return batch;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  timestampMs: fc.integer({ min: 1_795_257_731_000, max: 1_795_257_791_000 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
});

test.each(compressions)("kafkajs reads back every record of a batch compressed with %s", async (compression) => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 200 }), async (records) => {
      const batch = encode(records, compression);
      const decoded = await decodeRecordBatch(new Decoder(batch));
      expect(decoded.producerId).toBe("77");
      expect(decoded.producerEpoch).toBe(3);
      expect(decoded.firstSequence).toBe(2 ** 31 - 1);
      expect(decoded.lastOffsetDelta).toBe(records.length - 1);
      const read = decoded.records.map(
        (entry: { timestamp: string; key: Buffer | null; value: Buffer | null; offset: string }) => ({
          timestampMs: Number(entry.timestamp),
          key: entry.key,
          value: entry.value,
        }),
      );
      expect(read).toEqual(records);
      expect(decoded.records.at(-1).offset).toBe(String(records.length - 1));
      expect(batch.readUInt32BE(17)).toBe(crc32C(batch.subarray(21)) >>> 0);
      expect(batch.readInt32BE(8)).toBe(batch.length - 12);
    }),
    { numRuns: 25 },
  );
});

test("the greatest timestamp is in the header although records are out of order", () => {
  const value = Buffer.from("{}");
  const batch = encode(
    [
      { timestampMs: 2_000, key: null, value },
      { timestampMs: 5_000, key: null, value },
      { timestampMs: 1_000, key: null, value },
    ],
    "none",
  );
  expect(batch.readBigInt64BE(27)).toBe(2_000n);
  expect(batch.readBigInt64BE(35)).toBe(5_000n);
});

test("a value of a megabyte fits a builder that began small", async () => {
  const value = Buffer.alloc(1_048_000, "x");
  const decoded = await decodeRecordBatch(new Decoder(encode([{ timestampMs: 1, key: null, value }], "lz4")));
  expect(decoded.records[0].value.equals(value)).toBe(true);
});

test("keys are placed where kafkajs' partitioner places them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (key) => {
      expect(murmur2(key)).toBe(kafkajsMurmur2(Buffer.from(key)) | 0);
    }),
  );
  expect(partitionOfKey(Buffer.from("foobar"), 1)).toBe(0);
});
