import type { Admin, KafkaConfig } from "kafkajs";
import { explainKafkaError } from "../../clients/kafka/explain-error.ts";
import { partialCluster } from "../../clients/kafka/partial-admin.ts";
import type { Inflaters } from "../../codec/inflate/inflate.ts";
import { BufferPool } from "../../core/buffer-pool.ts";
import { MillraceError } from "../../core/errors.ts";
import { within } from "../../core/within.ts";
import { frameSockets } from "../../ingest/source/frame-socket.ts";
import { type LogCluster, PartitionLogs, READ_COMMITTED } from "../../ingest/source/partition-log.ts";
import { RawKafka } from "../../ingest/source/raw-kafkajs.ts";
import { readRecords, type TailedRecord } from "./read-records.ts";

/** Of one fetch, of one partition: a screen or two. What a broker sends beside the ingester's fetches stays small. */
const FETCH_BYTES_MAX = 256 * 1024;
const METADATA_MAX_AGE_MS = 300_000;
const DISCONNECT_MAX_MS = 2_000;

export interface TopicReaderOptions {
  kafka: KafkaConfig;
  admin: Admin;
  topic: string;
  /** By partition, the offset to be read next. */
  next: Map<number, number>;
  inflaters: Inflaters;
}

/** Records that retention deleted before they were read, or that could not be read. */
export type OnSkip = (text: string) => void;

/**
 * Reads a topic without a group: nothing is committed, and no member of any group notices. One question a round tells which
 * partitions have grown; only these are fetched, one after the other.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions;
  readonly #cluster: LogCluster;
  readonly #logs: PartitionLogs;

  constructor(options: TopicReaderOptions) {
    this.#options = options;
    const { kafka } = options;
    const raw = new RawKafka({ socketFactory: frameSockets(new BufferPool(() => 0)), ...kafka, retry: { retries: 0 } });
    const own = { allowAutoTopicCreation: false, metadataMaxAge: METADATA_MAX_AGE_MS, isolationLevel: READ_COMMITTED };
    this.#cluster = partialCluster(raw, own) as LogCluster;
    this.#logs = new PartitionLogs(this.#cluster);
  }

  /**
   * What has come since the round before, partition by partition, as much as one fetch of each brings.
   *
   * @throws MillraceError E_KAFKA when no repeat can help.
   */
  async *round(onSkip: OnSkip): AsyncGenerator<TailedRecord[]> {
    const { admin, topic, next } = this.#options;
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      const from = next.get(partition);
      if (from === undefined || from >= Number(high)) continue;
      const records = await this.#fetch(partition, from, onSkip);
      if (records.length > 0) yield records;
    }
  }

  async close(): Promise<void> {
    await within(DISCONNECT_MAX_MS, this.#cluster.disconnect()).catch(() => {});
  }

  async #fetch(partition: number, from: number, onSkip: OnSkip): Promise<TailedRecord[]> {
    const { topic, next, inflaters } = this.#options;
    const at = { topic, partition };
    const answer = await this.#logs.ask(at, from, FETCH_BYTES_MAX, READ_COMMITTED).catch((error) => {
      const cause = (error as Error).cause ?? error;
      throw new MillraceError("E_KAFKA", `${topic} cannot be read: ${explainKafkaError(cause) ?? String(cause)}`, {
        cause,
      });
    });
    if (answer.kind === "outOfRange" && answer.logStart > from) {
      onSkip(`${topic}:${partition}: offsets ${from}-${answer.logStart - 1} are gone: retention has deleted them`);
      next.set(partition, answer.logStart);
    }
    // What is not available now is asked for in the next round.
    if (answer.kind !== "records") return [];
    const records: TailedRecord[] = [];
    try {
      for (const batch of answer.batches) {
        next.set(partition, Math.max(next.get(partition)!, batch.lastOffset + 1));
        if (batch.isAborted) continue;
        try {
          records.push(...readRecords(at, new Uint8Array(batch.bytes), from, inflaters));
        } catch (error) {
          onSkip(
            `${topic}:${partition}: offsets ${batch.firstOffset}-${batch.lastOffset} cannot be read: ${(error as Error).message}`,
          );
        }
      }
    } finally {
      for (const { release } of answer.batches) release?.();
    }
    return records;
  }
}
