import { createRequire } from "node:module";
import { crc32c } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import * as header from "./record-batch-header.ts";

const require = createRequire(import.meta.url);
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js");
const Record = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");
const Long = require("kafkajs/src/utils/long.js");
const { Types } = require("kafkajs/src/protocol/message/compression/index.js");

/** A batch as kafkajs writes it, which shares no line with ours; every field has a value of its own. */
async function kafkajsBatch(wish: object): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    firstOffset: Long.fromValue(0x0102_0304),
    firstTimestamp: 1_700_000_000_123,
    maxTimestamp: 1_700_000_000_456,
    partitionLeaderEpoch: 7,
    lastOffsetDelta: 8,
    producerId: Long.fromValue(9),
    producerEpoch: 10,
    firstSequence: 11,
    records: [Record({ offsetDelta: 0, timestampDelta: 0, key: null, value: "{}" })],
    ...wish,
  });
  return buffer;
}

describe("the header of a record batch", () => {
  it("has its fields where kafkajs writes them", async () => {
    const batch = await kafkajsBatch({});
    expect(batch.readBigInt64BE(header.BASE_OFFSET_AT)).toBe(0x0102_0304n);
    expect(batch.readInt32BE(header.LENGTH_AT)).toBe(batch.length - header.LENGTH_EXCLUDES_BYTES);
    expect(batch.readInt32BE(header.LEADER_EPOCH_AT)).toBe(7);
    expect(batch.readInt8(header.MAGIC_AT)).toBe(header.BATCH_MAGIC);
    expect(batch.readUInt32BE(header.CRC_AT)).toBe(crc32c(batch.subarray(header.CRC_COVERS_FROM)));
    expect(batch.readInt16BE(header.ATTRIBUTES_AT)).toBe(0);
    expect(batch.readInt32BE(header.LAST_OFFSET_DELTA_AT)).toBe(8);
    expect(batch.readBigInt64BE(header.BASE_TIMESTAMP_AT)).toBe(1_700_000_000_123n);
    expect(batch.readBigInt64BE(header.MAX_TIMESTAMP_AT)).toBe(1_700_000_000_456n);
    expect(batch.readBigInt64BE(header.PRODUCER_ID_AT)).toBe(9n);
    expect(batch.readInt16BE(header.PRODUCER_EPOCH_AT)).toBe(10);
    expect(batch.readInt32BE(header.BASE_SEQUENCE_AT)).toBe(11);
    expect(batch.readInt32BE(header.RECORD_COUNT_AT)).toBe(1);
  });

  it("is followed by the records", async () => {
    const batch = await kafkajsBatch({ records: [] });
    expect(batch.length).toBe(header.BATCH_HEADER_BYTES);
  });

  it("marks transactions and compression as kafkajs does", async () => {
    const open = await kafkajsBatch({ transactional: true });
    expect(open.readInt16BE(header.ATTRIBUTES_AT)).toBe(header.TRANSACTIONAL_BIT);
    const packed = await kafkajsBatch({ compression: Types.GZIP });
    expect(packed.readInt16BE(header.ATTRIBUTES_AT) & header.COMPRESSION_BITS).toBe(Types.GZIP);
    for (const [name, id] of Object.entries<number>(Types)) {
      expect(header.compressionNames[id]).toBe(name.toLowerCase());
    }
  });
});
