import { textOf } from "./raw-text.ts";
import type { EnvelopeRow } from "./row-reader.ts";

/** A dead letter as a Kafka message. */
export interface LetterMessage {
  key: string;
  value: string;
  headers: { error_type: string; pipeline: string };
  /** Of key and value, in UTF-8. */
  byteLength: number;
}

/** Below a broker's default message.max.bytes of 1,048,588, with room for the rest of the batch. */
export const VALUE_BYTES_MAX = 900_000;

/**
 * Makes the message of one dead letter: the fields of S0-42, key `topic:partition:offset` of the record.
 *
 * A document that is not UTF-8 comes as `raw_base64` instead of `raw_json`. One that would make the message longer than a
 * broker takes is cut, with its length in `raw_bytes`: the table has it whole.
 */
export function messageOf(row: EnvelopeRow): LetterMessage {
  const envelope: Record<string, string | number | null> = {
    error_type: read(row.error_type) ?? "unknown",
    error_message: read(row.error_message),
    service: read(row.service),
    event_id: read(row.event_id),
    request_id: read(row.request_id),
    source_topic: read(row.source_topic) ?? read(row.topic),
    source_partition: read(row.source_partition) ?? read(row.kafka_partition),
    source_offset: read(row.source_offset) ?? read(row.kafka_offset),
    source_key: read(row.source_key),
    created_ms: read(row.created_ts),
  };
  const raw = row.raw_json instanceof Uint8Array ? row.raw_json : new Uint8Array(0);
  const value = withRaw(envelope, raw);
  const key = `${envelope.source_topic}:${envelope.source_partition}:${envelope.source_offset}`;
  return {
    key,
    value,
    headers: { error_type: String(envelope.error_type), pipeline: String(read(row.pipeline) ?? "") },
    byteLength: Buffer.byteLength(key) + Buffer.byteLength(value),
  };
}

function withRaw(envelope: Record<string, string | number | null>, raw: Uint8Array): string {
  const text = textOf(raw);
  const whole = text === undefined ? { raw_base64: base64(raw) } : { raw_json: text };
  const value = JSON.stringify({ ...envelope, ...whole });
  if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) return value;
  // In base64, so that it may be cut anywhere and grows by a third at most.
  const room = VALUE_BYTES_MAX - Buffer.byteLength(JSON.stringify(envelope)) - 100;
  const cut = raw.subarray(0, Math.max(0, Math.floor((room * 3) / 4)));
  return JSON.stringify({ ...envelope, raw_base64: base64(cut), raw_bytes: raw.length });
}

function read(value: EnvelopeRow[string] | undefined): string | number | null {
  if (!(value instanceof Uint8Array)) return value ?? null;
  return textOf(value) ?? base64(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
