import type { SimulatorSettings } from "../config/simulator.ts";
import { deadLetterTopic, errorTopic } from "../config/topics.ts";
import type { SimulatorCounts } from "../run/simulator-report.ts";
import type { BatchProducer } from "./batch-producer.ts";
import { valuesOfBatch, wrapDeadLetter } from "./dead-letter.ts";
import type { EventGenerator } from "./event-generator.ts";
import { partitionOfKey } from "./murmur2.ts";
import type { PartitionLane, SealedBatch } from "./partition-lane.ts";

/**
 * Puts each event into its topic's lanes, copies failures, wraps what could not be sent, and counts each by what became
 * of it.
 */
export class EventRouter {
  readonly counts: SimulatorCounts = {
    produced: 0,
    failed: 0,
    dlqWrapped: 0,
    errorCopies: 0,
    generated: 0,
    badByKind: {},
    withheld: 0,
  };
  /** Last reason for which a batch was given up. */
  lastFailure = "";
  readonly #partitioner: SimulatorSettings["partitioner"];
  readonly #log: SimulatorSettings["log"];
  /** The lane that takes a topic's records at present, by index. */
  readonly #sticky = new Map<string, number>();
  #producer!: BatchProducer;

  constructor(settings: Pick<SimulatorSettings, "partitioner" | "log">) {
    this.#partitioner = settings.partitioner;
    this.#log = settings.log;
  }

  attach(producer: BatchProducer): void {
    this.#producer = producer;
  }

  /** Routes the generator's current event. */
  route(event: EventGenerator, wallMs: number): void {
    this.counts.generated++;
    const { badKind } = event;
    if (badKind !== undefined) this.counts.badByKind[badKind] = (this.counts.badByKind[badKind] ?? 0) + 1;
    const key = this.#partitioner === "key" ? event.key : null;
    this.#append(event.topic, wallMs, key, event.bytes, event.length);
    if (event.isFailure) this.#append(errorTopic, wallMs, key, event.bytes, event.length);
  }

  onAcknowledged(lane: PartitionLane, batch: SealedBatch): void {
    if (lane.topic === errorTopic) this.counts.errorCopies += batch.recordCount;
    else if (lane.topic === deadLetterTopic) this.counts.dlqWrapped += batch.recordCount;
    else this.counts.produced += batch.recordCount;
  }

  /**
   * A batch of events goes to logs.dlq, each in its envelope (S0-24). Copies and dead letters that cannot be sent are
   * dropped: their originals are counted.
   */
  onFailed(lane: PartitionLane, batch: SealedBatch, reason: string): void {
    this.lastFailure = reason;
    this.#log("warn", "batch given up", {
      topic: lane.topic,
      partition: lane.partition,
      records: batch.recordCount,
      attempts: batch.attempts,
      reason,
    });
    if (lane.topic === errorTopic || lane.topic === deadLetterTopic) return;
    this.counts.failed += batch.recordCount;
    const wallMs = Date.now();
    for (const value of valuesOfBatch(batch.bytes)) {
      const wrapped = wrapDeadLetter(value, lane.topic, lane.partition, reason);
      this.#append(deadLetterTopic, wallMs, null, wrapped, wrapped.length);
    }
  }

  /** Keyed records go where their key belongs, the others to the partition whose turn it is. */
  #append(topic: string, wallMs: number, key: Buffer | null, value: Buffer, length: number): void {
    const lanes = this.#producer.lanes.get(topic)!;
    if (key !== null) {
      this.#producer.append(lanes[partitionOfKey(key, lanes.length)]!, wallMs, key, value, length);
      return;
    }
    let index = this.#sticky.get(topic) ?? 0;
    const lane = lanes[index]!;
    // An empty builder means that this lane's batch was sealed since: the next partition's turn, as with the Java
    // client's sticky partitioner. One batch at a time fills, so batches are as large as the linger time allows.
    if (lanes.length > 1 && lane.builder.recordCount === 0 && lane.acknowledged.count + lane.sealed.length > 0) {
      index = (index + 1) % lanes.length;
      this.#sticky.set(topic, index);
    }
    this.#producer.append(lanes[index]!, wallMs, null, value, length);
  }
}
