import { readInt64 } from "../../core/int64.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  LOG_APPEND_TIME_BIT,
  MAX_TIMESTAMP_AT,
} from "../../core/record-batch-header.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

/** When a record was written that was read lately. */
export interface RecordTime extends TopicPartition {
  offset: number;
  /** As its batch says, ms since 1970. */
  timeMs: number;
}

/** The flags are in the second byte of the attributes. */
const ATTRIBUTES_LOW_AT = ATTRIBUTES_AT + 1;

/** What of the fetches is told to those who ask how late the pipeline is, and whether it still fetches. */
export class FetchTimes {
  /** By topic and partition. */
  readonly #newest = new Map<string, Map<number, RecordTime>>();
  #movedMs = performance.now();

  /** The fetch loop has come round, or begins anew. */
  noteFetch(): void {
    this.#movedMs = performance.now();
  }

  /** A batch was fetched. Its first record's time is in its header: nothing is inflated for it. */
  noteBatch(batch: RawBatch): void {
    const { bytes, baseOffset, topic, partition } = batch;
    if (bytes.length < BATCH_HEADER_BYTES) return;
    const isStamped = (bytes[ATTRIBUTES_LOW_AT]! & LOG_APPEND_TIME_BIT) !== 0;
    const timeMs = readInt64(bytes, isStamped ? MAX_TIMESTAMP_AT : BASE_TIMESTAMP_AT);
    const ofTopic = this.#newest.get(topic) ?? new Map<number, RecordTime>();
    if (ofTopic.size === 0) this.#newest.set(topic, ofTopic);
    const known = ofTopic.get(partition);
    if (known === undefined) ofTopic.set(partition, { topic, partition, offset: baseOffset, timeMs });
    else {
      known.offset = baseOffset;
      known.timeMs = timeMs;
    }
  }

  /** By `performance.now()`. */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** Of each partition, the batch that was fetched last: its first record. */
  newest(): RecordTime[] {
    return [...this.#newest.values()].flatMap((ofTopic) => [...ofTopic.values()]);
  }
}
