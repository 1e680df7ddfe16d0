import type { SimulatorSettings } from "../config/simulator.ts";
import { defaultTopics } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import { ClusterConnections } from "./cluster-connections.ts";
import { acknowledgeHead, openLane, type PartitionLane, type SealedBatch, stampHead } from "./partition-lane.ts";
import { errorName, initProducerId, type PartitionAnswer, type ProducerIdentity, produce } from "./produce-protocol.ts";

export interface ProducerObserver {
  onAcknowledged(lane: PartitionLane, batch: SealedBatch): void;
  /** The batch is given up. Whether the broker has it is unknown unless the error says so. */
  onFailed(lane: PartitionLane, batch: SealedBatch, error: string): void;
}

type ProducerSettings = Pick<
  SimulatorSettings,
  | "brokers"
  | "security"
  | "clientId"
  | "acks"
  | "idempotence"
  | "compression"
  | "lingerMs"
  | "batchRecordsMax"
  | "batchBytesMax"
  | "deliveryTimeoutMs"
  | "retryBackoffMs"
>;

const noIdentity: ProducerIdentity = { producerId: -1n, producerEpoch: -1 };
const requestTimeoutMsMax = 10_000;

/** Codes after which the same batch is sent again (https://kafka.apache.org/protocol#protocol_error_codes). */
const retriable = new Set([2, 3, 5, 6, 7, 8, 9, 13, 19, 20, 56]);
/** The broker does not know the producer, or not as it was: a new producer id helps if nothing is in doubt. */
const identityLost = new Set([45, 47, 59]);
const duplicateSequence = 46;

/**
 * Sends record batches that the caller fills record by record: one lane a partition, one request a leader at a time
 * for all lanes that are ready. With idempotence a repeat after a lost answer is written once.
 */
export class BatchProducer {
  readonly lanes = new Map<string, PartitionLane[]>();
  /** Of all lanes: records appended, neither acknowledged nor given up. */
  pendingRecords = 0;
  pendingBytes = 0;
  readonly #settings: ProducerSettings;
  readonly #observer: ProducerObserver;
  readonly #cluster: ClusterConnections;
  readonly #requestTimeoutMs: number;
  #closed = false;
  /** Why the last request failed, until one succeeds: named when a batch is given up for its age. */
  #lastError = "";

  private constructor(settings: ProducerSettings, topics: string[], observer: ProducerObserver) {
    this.#settings = settings;
    this.#observer = observer;
    this.#requestTimeoutMs = Math.min(requestTimeoutMsMax, settings.deliveryTimeoutMs);
    const { brokers, clientId, security } = settings;
    this.#cluster = new ClusterConnections(brokers, topics, clientId, this.#requestTimeoutMs + 1_000, security);
  }

  /** @throws MillraceError E_KAFKA when no broker answers or a topic is missing. */
  static async connect(
    settings: ProducerSettings,
    topics: string[],
    observer: ProducerObserver,
  ): Promise<BatchProducer> {
    const producer = new BatchProducer(settings, topics, observer);
    try {
      await producer.#cluster.refresh();
      const missing = topics.filter((topic) => !producer.#cluster.metadata.leaders.has(topic));
      if (missing.length > 0) {
        const isDeclared = missing.every((topic) => defaultTopics.some(({ name }) => name === topic));
        const remedy = isDeclared
          ? "millrace topics apply creates it"
          : "create it; millrace topics apply knows only the built-in ones";
        throw new MillraceError("E_KAFKA", `Kafka topic ${missing.join(", ")} does not exist: ${remedy}`);
      }
      const identity = await producer.#firstIdentity();
      for (const topic of topics) {
        const leaders = producer.#cluster.metadata.leaders.get(topic)!;
        producer.lanes.set(
          topic,
          leaders.map((_leader, partition) => openLane(topic, partition, identity)),
        );
      }
      return producer;
    } catch (error) {
      await producer.#cluster.close();
      throw error;
    }
  }

  /** Adds a record with the time `wallMs` to a lane. @returns true when it filled a batch: a good moment to move on to another partition. */
  append(lane: PartitionLane, wallMs: number, key: Buffer | null, value: Buffer, valueLength: number): boolean {
    const { builder } = lane;
    const { batchBytesMax, batchRecordsMax } = this.#settings;
    let filled = false;
    if (builder.recordCount > 0 && builder.byteLength + valueLength > batchBytesMax) {
      this.#seal(lane);
      filled = true;
    }
    if (builder.recordCount === 0) lane.openedAtMs = performance.now();
    const before = builder.byteLength;
    builder.append(wallMs, key, value, valueLength);
    this.pendingRecords++;
    this.pendingBytes += builder.byteLength - before;
    if (builder.recordCount >= batchRecordsMax || builder.byteLength >= batchBytesMax) {
      this.#seal(lane);
      filled = true;
    }
    return filled;
  }

  /** Seals what has lingered and sends what is ready. Called on every tick, and when an answer frees a lane. */
  flush(lingerMs: number = this.#settings.lingerMs): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    const ready = new Map<number, PartitionLane[]>();
    for (const lanes of this.lanes.values()) {
      for (const lane of lanes) {
        if (!this.#isReady(lane, nowMs, lingerMs)) continue;
        const leader = this.#cluster.metadata.leaders.get(lane.topic)?.[lane.partition] ?? -1;
        const together = ready.get(leader);
        if (together === undefined) ready.set(leader, [lane]);
        else together.push(lane);
      }
    }
    for (const [leader, lanes] of ready) void this.#send(leader, lanes);
  }

  /** Sends all that is left and waits for the answers, at most `timeoutMs`; what is left then is given up. */
  async drain(timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.pendingRecords > 0 && performance.now() < deadlineMs) {
      this.flush(0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const lane of [...this.lanes.values()].flat()) {
      if (lane.builder.recordCount > 0) this.#seal(lane);
      while (lane.sealed.length > 0) this.#giveUp(lane, `not acknowledged within ${timeoutMs} ms of stopping`);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#cluster.close();
  }

  #isReady(lane: PartitionLane, nowMs: number, lingerMs: number): boolean {
    if (lane.inFlight) return false;
    const { deliveryTimeoutMs } = this.#settings;
    while (lane.sealed.length > 0 && nowMs - lane.sealed[0]!.sealedAtMs > deliveryTimeoutMs) {
      this.#giveUp(lane, `not acknowledged within ${deliveryTimeoutMs} ms`);
    }
    const hasLingered = lane.builder.recordCount > 0 && nowMs - lane.openedAtMs >= lingerMs;
    if (lane.sealed.length === 0 && hasLingered) this.#seal(lane);
    return lane.sealed.length > 0 && nowMs >= lane.retryAtMs;
  }

  #seal(lane: PartitionLane): void {
    const { recordCount, byteLength } = lane.builder;
    lane.sealed.push({
      bytes: lane.builder.seal(this.#settings.compression),
      recordCount,
      recordBytes: byteLength,
      sealedAtMs: performance.now(),
      attempts: 0,
    });
  }

  async #send(leader: number, lanes: PartitionLane[]): Promise<void> {
    for (const lane of lanes) lane.inFlight = true;
    let answers: PartitionAnswer[];
    const acks = this.#settings.acks === "all" ? -1 : Number(this.#settings.acks);
    try {
      if (leader === -1) throw new MillraceError("E_KAFKA", "the partition has no leader");
      const connection = await this.#cluster.toNode(leader);
      const unnamed = lanes.find((lane) => lane.identity === undefined);
      if (unnamed !== undefined) {
        const identity = await this.#newIdentity();
        for (const lane of lanes) lane.identity ??= identity;
      }
      const batches = lanes.map((lane) => ({
        topic: lane.topic,
        partition: lane.partition,
        bytes: stampHead(lane).bytes,
      }));
      answers = await produce(connection, acks, this.#requestTimeoutMs, batches);
    } catch (error) {
      this.#cluster.forget(leader);
      this.#retryLater(lanes);
      this.#lastError = (error as Error).message;
      return;
    }
    for (const answer of answers) this.#settle(this.lanes.get(answer.topic)![answer.partition]!, answer);
    // A lane without an answer (no broker does that) is sent again rather than lost.
    this.#retryLater(lanes.filter((lane) => lane.inFlight));
    this.flush();
  }

  #settle(lane: PartitionLane, answer: PartitionAnswer): void {
    if (!lane.inFlight) return;
    const head = lane.sealed[0];
    if (head === undefined) {
      lane.inFlight = false; // given up by drain() while the request was under way
      return;
    }
    const { errorCode } = answer;
    if (errorCode === 0 || errorCode === duplicateSequence) {
      lane.inFlight = false;
      this.#lastError = "";
      this.#remove(acknowledgeHead(lane, errorCode === 0 ? answer.baseOffset : -1));
      this.#observer.onAcknowledged(lane, head);
    } else if (retriable.has(errorCode)) {
      this.#lastError = errorName(errorCode);
      this.#retryLater([lane]);
    } else if (identityLost.has(errorCode) && head.attempts === 1) {
      // Sent once and refused: it is not in the log, so a fresh identity cannot double it.
      head.attempts = 0;
      lane.identity = undefined;
      lane.nextSequence = 0;
      lane.inFlight = false;
    } else {
      lane.inFlight = false;
      this.#giveUp(lane, errorName(errorCode));
    }
  }

  #retryLater(lanes: PartitionLane[]): void {
    if (lanes.length === 0) return;
    const retryAtMs = performance.now() + this.#settings.retryBackoffMs;
    for (const lane of lanes) {
      lane.retryAtMs = retryAtMs;
      lane.inFlight = false;
    }
    // Fails while no broker answers; the lanes' next attempt asks again.
    if (!this.#closed) this.#cluster.refresh().catch(() => {});
  }

  /**
   * Drops the lane's first batch. Whether it was written is in doubt, and with it the next sequence number, so the lane
   * goes on under a new producer id.
   */
  #giveUp(lane: PartitionLane, reason: string): void {
    const batch = lane.sealed.shift()!;
    this.#remove(batch);
    if (this.#settings.idempotence && batch.attempts > 0) {
      lane.identity = undefined;
      lane.nextSequence = 0;
    }
    this.#observer.onFailed(lane, batch, this.#lastError === "" ? reason : `${reason} (${this.#lastError})`);
  }

  #remove(batch: SealedBatch): void {
    this.pendingRecords -= batch.recordCount;
    this.pendingBytes -= batch.recordBytes;
  }

  /** A broker that has just started refuses for a moment: it is still loading its coordinators. */
  async #firstIdentity(): Promise<ProducerIdentity> {
    const deadlineMs = performance.now() + this.#requestTimeoutMs;
    for (;;) {
      try {
        return await this.#newIdentity();
      } catch (error) {
        if (performance.now() >= deadlineMs) {
          throw new MillraceError(
            "E_KAFKA",
            `Kafka gives no producer id (${(error as Error).message}); it needs the right IdempotentWrite, or use acks=1`,
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, this.#settings.retryBackoffMs));
      }
    }
  }

  async #newIdentity(): Promise<ProducerIdentity> {
    if (!this.#settings.idempotence) return noIdentity;
    const node = this.#cluster.metadata.brokers.keys().next().value ?? -1;
    return initProducerId(await this.#cluster.toNode(node));
  }
}
