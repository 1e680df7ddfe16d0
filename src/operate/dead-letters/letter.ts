import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { Origin } from "../../core/origin.ts";

/**
 * Where the record stood that became a dead letter, and who rejected it: several pipelines, groups and clusters may each
 * have a letter of one topic, partition and offset. Cluster and group are "" for letters from before they were kept.
 */
export interface LetterKey extends Origin {
  pipeline: string;
  topic: string;
  partition: number;
  offset: number;
}

/** A dead letter, whole. Times are ms since 1970. */
export interface Letter extends LetterKey {
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

/** Coordinates of a record alone. */
export type RecordPlace = Pick<LetterKey, "topic" | "partition" | "offset">;

/** `topic:partition:offset`, for messages. */
export function placeName({ topic, partition, offset }: RecordPlace): string {
  return `${topic}:${partition}:${offset}`;
}

/** For maps: one name for each letter. */
export function letterName(key: LetterKey): string {
  return JSON.stringify([key.topic, key.partition, key.offset, key.pipeline, key.cluster, key.group]);
}

/** The columns that name a letter, in the table of dead letters and in the log of replays, in the order of `sqlTuples`. */
const keyColumns = [
  "toString(topic)",
  "kafka_partition",
  "kafka_offset",
  "toString(pipeline)",
  "toString(kafka_cluster)",
  "toString(kafka_group)",
];

/** The name of a letter as an SQL tuple, for either table. */
export const letterTuple: string = `(${keyColumns.join(", ")})`;

/** The same as columns of an answer, which `readKey` reads: with their expressions, and to sort or group by. */
const names = ["topic", "partition", "offset", "pipeline", "cluster", "`group`"];
export const keySelection: string = names.map((name, index) => `${keyColumns[index]} AS ${name}`).join(", ");
export const keyNames: string = names.join(", ");

export function readKey(row: Record<keyof LetterKey, string | number>): LetterKey {
  const [topic, pipeline, cluster, group] = [row.topic, row.pipeline, row.cluster, row.group].map(String) as [
    string,
    string,
    string,
    string,
  ];
  return { topic, partition: Number(row.partition), offset: Number(row.offset), pipeline, cluster, group };
}

/** The letters as an SQL list of tuples like `letterTuple`. @param keys not empty */
export function sqlTuples(keys: readonly LetterKey[]): string {
  return keys
    .map(({ topic, partition, offset, pipeline, cluster, group }) => {
      const whose = [pipeline, cluster, group].map(quoteText).join(", ");
      return `(${quoteText(topic)}, ${partition}, ${offset}, ${whose})`;
    })
    .join(", ");
}

/** The records alone as an SQL list of tuples. @param places not empty */
export function placeTuples(places: readonly RecordPlace[]): string {
  return places.map(({ topic, partition, offset }) => `(${quoteText(topic)}, ${partition}, ${offset})`).join(", ");
}
