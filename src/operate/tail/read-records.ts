import { type Inflaters, inflate } from "../../codec/inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "../../codec/records.ts";
import { readBatchHeader } from "../../codec/records-header.ts";
import { type ByteCursor, readVarint } from "../../codec/varint.ts";
import { BATCH_HEADER_BYTES } from "../../core/record-batch-header.ts";

/** A record as it lies in Kafka. Its bytes are views into the batch's. */
export interface TailedRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Undefined: the producer set none. */
  timeMs: number | undefined;
  key: Uint8Array | undefined;
  /** Undefined: a tombstone. */
  value: Uint8Array | undefined;
  headers: [name: string, value: Uint8Array | undefined][];
}

/**
 * The records of one batch from `fromOffset` on; none of a control batch.
 *
 * @throws CodecError when the batch cannot be read.
 */
export function readRecords(
  at: { topic: string; partition: number },
  batch: Uint8Array,
  fromOffset: number,
  inflaters: Inflaters,
): TailedRecord[] {
  const header = readBatchHeader(batch, 0, batch.length);
  if (header.isControl) return [];
  const bytes = inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), inflaters);
  const cursor = new RecordCursor();
  openRecords(cursor, header, bytes);
  const records: TailedRecord[] = [];
  while (nextRecord(cursor)) {
    if (cursor.recordOffset < fromOffset) continue;
    const { keyStart, keyEnd, valueStart, valueEnd, timestampMs } = cursor;
    records.push({
      ...{ topic: at.topic, partition: at.partition, offset: cursor.recordOffset },
      timeMs: timestampMs < 0 ? undefined : timestampMs,
      key: keyStart === -1 ? undefined : bytes.subarray(keyStart, keyEnd),
      value: valueStart === -1 ? undefined : bytes.subarray(valueStart, valueEnd),
      headers: readHeaders({ bytes, offset: valueEnd, end: cursor.offset }),
    });
  }
  return records;
}

/** The record's headers, which the ingester walks over and does not keep. */
function readHeaders(cursor: ByteCursor): TailedRecord["headers"] {
  const count = readVarint(cursor, "record header count");
  return Array.from({ length: count }, () => {
    const name = readBytes(cursor, "record header key")!;
    return [Buffer.from(name).toString("utf8"), readBytes(cursor, "record header value")];
  });
}

function readBytes(cursor: ByteCursor, what: string): Uint8Array | undefined {
  const length = readVarint(cursor, what);
  if (length === -1) return undefined;
  const start = cursor.offset;
  cursor.offset += length;
  return cursor.bytes.subarray(start, start + length);
}
