import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { inflate } from "../codec/inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "../codec/records.ts";
import { readBatchHeader } from "../codec/records-header.ts";
import { BATCH_HEADER_BYTES } from "../core/record-batch-header.ts";

const decoder = new TextDecoder();

/** The values of a batch that was given up, in order; null for tombstones. */
export function valuesOfBatch(batch: Uint8Array): (Uint8Array | null)[] {
  const header = readBatchHeader(batch, 0, batch.length);
  const records = inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), {
    gunzip: (bytes) => gunzipSync(bytes),
    unzstd: (bytes) => zstdDecompressSync(bytes),
  });
  const cursor = new RecordCursor();
  openRecords(cursor, header, records);
  const values: (Uint8Array | null)[] = [];
  while (nextRecord(cursor)) {
    values.push(cursor.valueStart === -1 ? null : cursor.bytes.slice(cursor.valueStart, cursor.valueEnd));
  }
  return values;
}

/**
 * The envelope of a document that could not be sent (S0-24, S0-42). It has no source offset: it never had one.
 *
 * @param reason begins with the broker's name of the error
 */
export function wrapDeadLetter(value: Uint8Array | null, topic: string, partition: number, reason: string): Buffer {
  const raw = value === null ? "" : decoder.decode(value);
  const fields = readIds(raw);
  return Buffer.from(
    JSON.stringify({
      error_type: /^[A-Z_]{3,}/.exec(reason)?.[0].toLowerCase() ?? "produce_failed",
      error_message: reason,
      service: fields.service ?? "unknown",
      event_id: fields.event_id ?? null,
      request_id: fields.request_id ?? null,
      source_topic: topic,
      source_partition: partition,
      source_offset: null,
      source_key: null,
      created_ms: Date.now(),
      raw_json: raw,
    }),
  );
}

function readIds(raw: string): { service?: string; event_id?: string; request_id?: string } {
  try {
    const parsed: unknown = JSON.parse(raw);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
