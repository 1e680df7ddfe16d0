import type { RawBatch } from "../../core/raw-batch.ts";
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  LOG_APPEND_TIME_BIT,
  MAX_TIMESTAMP_AT,
} from "../../core/record-batch-header.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/** When a record was written that was read lately. */
export interface RecordTime extends TopicPartition {
  offset: number;
  /** As its batch says, ms since 1970. */
  timeMs: number;
}

/** What of the fetches is told to those who ask how late the pipeline is, and whether it still fetches. */
export class FetchTimes {
  readonly #newest = new Map<string, RecordTime>();
  #movedMs = performance.now();

  /** The fetch loop has come round, or begins anew. */
  noteFetch(): void {
    this.#movedMs = performance.now();
  }

  /** A batch was fetched. Its first record's time is in its header: nothing is inflated for it. */
  noteBatch(batch: RawBatch): void {
    const { bytes, baseOffset, topic, partition } = batch;
    if (bytes.length < BATCH_HEADER_BYTES) return;
    const header = new DataView(bytes.buffer, bytes.byteOffset, BATCH_HEADER_BYTES);
    const isStamped = (header.getInt16(ATTRIBUTES_AT) & LOG_APPEND_TIME_BIT) !== 0;
    const timeMs = Number(header.getBigInt64(isStamped ? MAX_TIMESTAMP_AT : BASE_TIMESTAMP_AT));
    const key = partitionKey(batch);
    const known = this.#newest.get(key);
    if (known === undefined) this.#newest.set(key, { topic, partition, offset: baseOffset, timeMs });
    else Object.assign(known, { offset: baseOffset, timeMs });
  }

  /** By `performance.now()`. */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** Of each partition, the batch that was fetched last: its first record. */
  newest(): Iterable<RecordTime> {
    return this.#newest.values();
  }
}
