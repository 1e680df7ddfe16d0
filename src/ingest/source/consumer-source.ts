import type { Consumer, KafkaConfig } from "kafkajs";
import { BufferPool } from "../../core/buffer-pool.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { numbersByTopic } from "./by-topic.ts";
import { frameSockets } from "./frame-socket.ts";
import { createMember } from "./group-member.ts";
import type { MembershipHooks } from "./membership.ts";
import { toRawBatch } from "./raw-batch-of.ts";
import { RawKafka } from "./raw-kafkajs.ts";

/** Partitions that were added are found within this time. */
const METADATA_MAX_AGE_MS = 15_000;

export interface SourceOptions {
  kafka: KafkaConfig;
  groupId: string;
  topics: string[];
  /** Most bytes one fetch returns for one partition, and in all. */
  fetchBytesPerPartition: number;
  fetchBytesMax: number;
  fetchWaitMs: number;
  /** A light load is fetched once in each. */
  flushIntervalMs: number;
  sessionTimeoutMs: number;
  /** Where a partition begins that has no committed offset. */
  from: "earliest" | "latest";
}

export interface SourceEvents extends Omit<MembershipHooks, "from" | "flushIntervalMs" | "onFetchedBatch"> {
  /** A batch has arrived. Synchronous: the caller copies its bytes, or has no use for it. */
  onBatch(batch: RawBatch): void;
  /** A fetch was answered, or there was nothing to fetch: the loop moves. */
  onFetched?(): void;
  /** kafkajs gave up. The source does not restart by itself; the pipeline decides. */
  onCrash(error: Error): void;
}

export interface Source {
  start(): Promise<void>;
  /** Stops fetching all assigned partitions; what kafkajs has already fetched still arrives. */
  pause(): void;
  resume(): void;
  /** From now on these topics are not fetched, whatever else is said; any other is, unless all are paused. */
  hold(topics: ReadonlySet<string>): void;
  /** Goes on at `offset` of an assigned partition. */
  seek(partition: TopicPartition, offset: number): void;
  /** Leaves the group. No batch arrives afterwards. */
  stop(): Promise<void>;
}

/**
 * A consumer group member that yields raw record batches. It decodes no record. Fetch responses lie in buffers of
 * `buffers` and go back there when all their batches were handed over.
 */
export function createSource(options: SourceOptions, events: SourceEvents, buffers = new BufferPool(() => 0)): Source {
  const kafka = new RawKafka({ socketFactory: frameSockets(buffers), ...options.kafka });
  let paused = false;
  let held: ReadonlySet<string> = new Set();
  /** Between the first join and the end of the consumer: at other times kafkajs' methods throw. */
  let isRunning = false;
  let isStopped = false;
  let assigned: TopicPartition[] = [];
  const member = createMember({
    ...events,
    from: options.from,
    flushIntervalMs: options.flushIntervalMs,
    onFetchedBatch(at, batch, receivedMs, fetchOffset) {
      if (isRunning) events.onBatch(toRawBatch(at, batch, receivedMs, fetchOffset));
    },
    // Time tells it as well, also when the consumer has ended meanwhile.
    onCaughtUp(answersWithinMs) {
      if (isRunning) events.onCaughtUp(answersWithinMs);
    },
    onJoined(membership) {
      assigned = membership.partitions;
      isRunning = true;
      const starts = events.onJoined(membership);
      // kafkajs keeps what is paused by partition, also while another member has it.
      if (paused) pauseAll();
      else resumeAll();
      return starts;
    },
  });
  const consumer: Consumer = kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: Math.floor(options.sessionTimeoutMs / 10),
    maxBytesPerPartition: options.fetchBytesPerPartition,
    maxBytes: options.fetchBytesMax,
    maxWaitTimeInMs: options.fetchWaitMs,
    // Our asking must not bring a topic back that somebody has deleted.
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    // The pipeline restarts a failed consumer itself: kafkajs restarts only for errors that it calls retriable.
    retry: { restartOnFailure: async () => false, retries: 10 },
    partitionAssigners: [member.assigner],
  });
  consumer.on(consumer.events.FETCH, () => events.onFetched?.());
  // kafkajs lets go of the group first, and tells of the crash when all requests under way have ended.
  consumer.on(consumer.events.STOP, () => {
    isRunning = false;
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    isRunning = false;
    // One that is stopped in its first join fails it, and nobody needs to know.
    if (!isStopped) events.onCrash(payload.error);
  });

  function pauseAll(): void {
    if (isRunning && assigned.length > 0) consumer.pause(numbersByTopic(assigned));
  }

  function resumeAll(): void {
    if (!isRunning) return;
    const kept = assigned.filter(({ topic }) => held.has(topic));
    const wanted = assigned.filter(({ topic }) => !held.has(topic));
    if (kept.length > 0) consumer.pause(numbersByTopic(kept));
    if (wanted.length > 0) consumer.resume(numbersByTopic(wanted));
  }

  return {
    async start() {
      await consumer.connect();
      await consumer.subscribe({ topics: options.topics, fromBeginning: options.from === "earliest" });
      // Batches are handed over by the fetch itself (fetch-from-node.ts).
      await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    },
    pause() {
      paused = true;
      pauseAll();
    },
    resume() {
      paused = false;
      resumeAll();
    },
    hold(topics) {
      held = topics;
      if (!paused) resumeAll();
    },
    seek({ topic, partition }, offset) {
      if (isRunning) consumer.seek({ topic, partition, offset: String(offset) });
    },
    async stop() {
      isRunning = false;
      isStopped = true;
      await consumer.stop();
      await member.leave().catch(() => {});
      await consumer.disconnect();
    },
  };
}
