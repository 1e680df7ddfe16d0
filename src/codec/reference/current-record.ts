import type { RecordField } from "../../schema/plan.ts";

/** The facts about the record at hand. One object per transcoder, filled anew for each record. */
export interface CurrentRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Kafka's time; the task's `judgedMs` when the producer set none, so that a replay writes the same. */
  timestampMs: number;
  /** Where its latency begins: Kafka's time, or the time of receipt when the producer set none. */
  sentMs: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  receivedMs: number;
  processedMs: number;
}

export function emptyRecord(): CurrentRecord {
  return {
    topic: "",
    partition: 0,
    offset: 0,
    timestampMs: 0,
    sentMs: 0,
    key: null,
    value: null,
    receivedMs: 0,
    processedMs: 0,
  };
}

/** Sets the record's times. A negative `timestampMs`: the producer set none. PRECONDITION: `receivedMs` is set. */
export function setRecordTime(record: CurrentRecord, timestampMs: number, judgedMs: number): void {
  record.timestampMs = timestampMs >= 0 ? timestampMs : judgedMs;
  record.sentMs = timestampMs >= 0 ? timestampMs : record.receivedMs;
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
