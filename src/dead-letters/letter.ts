import { quoteText } from "../core/sql-text.ts";

/** Where the record stood that became a dead letter. */
export interface LetterKey {
  topic: string;
  partition: number;
  offset: number;
}

/** A dead letter, whole. Times are ms since 1970. */
export interface Letter extends LetterKey {
  pipeline: string;
  errorType: string;
  errorMessage: string;
  service: string | null;
  eventId: string | null;
  requestId: string | null;
  sourceTopic: string | null;
  sourcePartition: number | null;
  sourceOffset: number | null;
  /** Kafka's record time. */
  ingestMs: number;
  /** When it was rejected, by the ingester's clock. */
  processedMs: number;
  createdMs: number | null;
  key: Uint8Array | null;
  /** The record's value, byte by byte. A record without a value is stored as an empty one. */
  raw: Uint8Array;
}

/** `topic:partition:offset`, for messages and maps. */
export function letterName({ topic, partition, offset }: LetterKey): string {
  return `${topic}:${partition}:${offset}`;
}

/** The coordinates as an SQL list of tuples. @param keys not empty */
export function sqlTuples(keys: readonly LetterKey[]): string {
  return keys.map(({ topic, partition, offset }) => `(${quoteText(topic)}, ${partition}, ${offset})`).join(", ");
}
