import { describe, expect, it } from "vitest";
import { MAGIC_AT } from "../../core/record-batch-header.ts";
import { type FetchedBatch, markAborted, readFetchedBatch } from "./fetched-batch.ts";

const HEADER_BYTES = 61;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** As Kafka lays a batch out: https://kafka.apache.org/documentation/#recordbatch. */
function batchBytes(offset: bigint, attributes: number, records: readonly number[], producerId = -1n): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + records.length);
  bytes.writeBigInt64BE(offset, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, MAGIC_AT);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(3, 23);
  bytes.writeBigInt64BE(producerId, 43);
  bytes.writeInt32BE(4, 57);
  bytes.set(records, HEADER_BYTES);
  return bytes;
}

/** Length, attributes, time (two bytes long), offset, length of the key, version, type, and a value. */
function marker(offset: bigint, type: number, producerId: bigint): Buffer {
  return batchBytes(offset, TRANSACTIONAL | CONTROL, [30, 0, 0x81, 1, 0, 8, 0, 0, 0, type, 12, 0, 0], producerId);
}

describe("readFetchedBatch()", () => {
  it.each([0n, 77n, 4_294_967_295n, 4_294_967_296n, 9_007_199_254_740_000n])("reads a batch at offset %d", (offset) => {
    const bytes = Buffer.concat([Buffer.alloc(5), batchBytes(offset, 0, [1, 2, 3]), Buffer.alloc(9)]);
    expect(readFetchedBatch(bytes, 5)).toMatchObject({
      firstOffset: Number(offset),
      lastOffset: Number(offset) + 3,
      recordCount: 4,
      bytes: bytes.subarray(5, 5 + HEADER_BYTES + 3),
      producerId: undefined,
      endsTransaction: undefined,
    });
  });

  it("knows which transaction a batch belongs to, and how a control batch ends it", () => {
    expect(readFetchedBatch(batchBytes(1n, TRANSACTIONAL, [1], 7n), 0)?.producerId).toBe(7n);
    expect(readFetchedBatch(marker(1n, 0, 7n), 0)?.endsTransaction).toBe("aborted");
    expect(readFetchedBatch(marker(1n, 1, 7n), 0)?.endsTransaction).toBe("committed");
  });

  it("takes a batch that is cut off, wherever that is, for none", () => {
    const bytes = batchBytes(1n, 0, [1, 2, 3]);
    for (let length = 0; length < bytes.length; length++) {
      expect(readFetchedBatch(bytes.subarray(0, length), 0)).toBeUndefined();
    }
  });
});

describe("markAborted()", () => {
  it("tells two that overlap apart, and one that was stored from one that was taken back", () => {
    const batches = [
      batchBytes(0n, TRANSACTIONAL, [1], 1n),
      marker(4n, 1, 1n),
      batchBytes(5n, TRANSACTIONAL, [1], 1n),
      batchBytes(9n, TRANSACTIONAL, [1], 2n),
      batchBytes(13n, 0, [1]),
      marker(17n, 0, 2n),
      batchBytes(18n, TRANSACTIONAL, [1], 1n),
      marker(22n, 0, 1n),
      batchBytes(23n, TRANSACTIONAL, [1], 2n),
    ].map((bytes) => readFetchedBatch(bytes, 0) as FetchedBatch);
    const aborted = [
      { firstOffset: "9", producerId: "2" },
      { firstOffset: "5", producerId: "1" },
    ];
    markAborted(batches, aborted);
    expect(batches.filter(({ isAborted }) => isAborted).map(({ firstOffset }) => firstOffset)).toEqual([5, 9, 18]);
  });
});
