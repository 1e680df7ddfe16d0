import type { KafkaConfig } from "kafkajs";
import { partialCluster } from "../../clients/kafka/partial-admin.ts";
import { BufferPool } from "../../core/buffer-pool.ts";
import type { PartitionRange } from "../../core/topic-partition.ts";
import { within } from "../../core/within.ts";
import { frameSockets } from "./frame-socket.ts";
import { type LogCluster, PartitionLogs, READ_COMMITTED } from "./partition-log.ts";
import { RawKafka } from "./raw-kafkajs.ts";
import { type RangeRead, readRange } from "./read-range.ts";

export type { RangeRead } from "./read-range.ts";

/** Connections that nobody has read with for so long are closed. */
const IDLE_MS = 30_000;
const DISCONNECT_MAX_MS = 2_000;
const METADATA_MAX_AGE_MS = 300_000;

export interface RangeReaderOptions {
  kafka: KafkaConfig;
  /** Most bytes of one fetch. A single batch that is larger comes all the same. */
  fetchBytesMax: number;
  /**
   * Once a range: its records are not there for longer than it takes to elect a leader. They are waited for. `reason` goes
   * on after the partition's name and a colon.
   */
  onWait(range: PartitionRange, reason: string): void;
}

/** Reads ranges of any partition straight from its leader, outside the group. */
export interface RangeReader {
  /**
   * The batches of a range, as a consumer would be shown them (bytes, aborted transactions, control batches). Any number at a
   * time; who calls bounds the memory.
   *
   * @throws the signal's reason when it aborts. What no repeat can help, such as a missing right. An error when the reader is
   * closed.
   */
  read(range: PartitionRange, signal: AbortSignal): Promise<RangeRead>;
  /** Ends what is being read, and closes the connections. */
  close(): Promise<void>;
}

/**
 * Connects at the first read. `buffers`: where the responses lie; they are given back when a read has copied what it wants.
 */
export function createRangeReader(options: RangeReaderOptions, buffers = new BufferPool(() => 0)): RangeReader {
  // Repeats are this reader's own: they end when the read is not wanted any more.
  const retry = { ...options.kafka.retry, retries: 0 };
  const kafka = new RawKafka({ socketFactory: frameSockets(buffers), ...options.kafka, retry });
  const closing = new AbortController();
  let open: { cluster: LogCluster; logs: PartitionLogs } | undefined;
  let readerCount = 0;
  let idleTimer: NodeJS.Timeout | undefined;

  function opened(): PartitionLogs {
    if (open === undefined) {
      // Our asking must not bring a topic back that somebody has deleted.
      const own = {
        allowAutoTopicCreation: false,
        metadataMaxAge: METADATA_MAX_AGE_MS,
        isolationLevel: READ_COMMITTED,
      };
      const cluster = partialCluster(kafka, own) as LogCluster;
      open = { cluster, logs: new PartitionLogs(cluster) };
    }
    return open.logs;
  }

  async function disconnect(): Promise<void> {
    const cluster = open?.cluster;
    open = undefined;
    // kafkajs waits for the answers that are under way.
    if (cluster !== undefined) await within(DISCONNECT_MAX_MS, cluster.disconnect()).catch(() => {});
  }

  return {
    async read(range, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      either.throwIfAborted();
      clearTimeout(idleTimer);
      readerCount += 1;
      try {
        const { fetchBytesMax } = options;
        const onWait = (reason: string) => options.onWait(range, reason);
        return await readRange(range, { logs: opened(), fetchBytesMax, signal: either, onWait });
      } finally {
        readerCount -= 1;
        if (readerCount === 0 && !closing.signal.aborted) idleTimer = setTimeout(disconnect, IDLE_MS).unref();
      }
    },
    async close() {
      closing.abort(new Error("Cannot read a range: the reader is closed"));
      clearTimeout(idleTimer);
      await disconnect();
    },
  };
}
