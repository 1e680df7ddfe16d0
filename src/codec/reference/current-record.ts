import type { RecordField } from "../../schema/plan.ts";

/** The facts about the record at hand. One object per transcoder, filled anew for each record. */
export interface CurrentRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Kafka's time; the time of receipt when the producer set none. */
  timestampMs: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  receivedMs: number;
  processedMs: number;
}

export function emptyRecord(): CurrentRecord {
  return { topic: "", partition: 0, offset: 0, timestampMs: 0, key: null, value: null, receivedMs: 0, processedMs: 0 };
}

/** Times are ms since 1970; key and raw are bytes or null. */
export function readRecordField(record: CurrentRecord, field: RecordField): string | number | Uint8Array | null {
  switch (field) {
    case "topic":
      return record.topic;
    case "partition":
      return record.partition;
    case "offset":
      return record.offset;
    case "timestamp":
      return record.timestampMs;
    case "key":
      return record.key;
    case "received":
      return record.receivedMs;
    case "processed":
      return record.processedMs;
    case "raw":
      return record.value;
  }
}

/** `topic-partition-offset`: names a record that has no id of its own (S0-40, S0-42). */
export function recordId(record: CurrentRecord): string {
  return `${record.topic}-${record.partition}-${record.offset}`;
}
