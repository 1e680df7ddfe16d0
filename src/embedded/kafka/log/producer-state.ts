import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import type { BatchHeader } from "./batch-header.ts";

/** How many batches of a producer are remembered, as in Kafka: the most that a client may have in flight. */
const BATCHES_REMEMBERED = 5;
const SEQUENCE_MAX = 0x7fff_ffff;
/** Producers remembered per partition; the one longest silent is forgotten first, so memory stays bounded. */
const PRODUCERS_MAX = 10_000;

interface AppendedBatch {
  firstSequence: number;
  lastSequence: number;
  baseOffset: number;
}

interface ProducerEntry {
  epoch: number;
  batches: AppendedBatch[];
}

/** What the sequence numbers of a batch say about it. */
export type SequenceVerdict =
  | { kind: "append" }
  | { kind: "duplicate"; baseOffset: number }
  | { kind: "refuse"; error: KafkaErrorCode };

/**
 * Sequence numbers of the idempotent producers of one partition.
 *
 * The rules are those of Kafka's `ProducerStateManager`: a batch whose epoch and sequence bounds equal one of the last
 * five is a retry and is answered with its old offset; otherwise the sequence must follow on, except that a producer
 * not known here (or one that begins a new epoch at 0) may start.
 */
export class ProducerStates {
  readonly #producers = new Map<bigint, ProducerEntry>();

  check(header: BatchHeader): SequenceVerdict {
    const entry = header.producerId < 0n ? undefined : this.#producers.get(header.producerId);
    if (entry === undefined) return { kind: "append" };
    if (header.producerEpoch < entry.epoch) return { kind: "refuse", error: kafkaError.INVALID_PRODUCER_EPOCH };
    if (header.producerEpoch > entry.epoch) {
      if (header.baseSequence === 0) return { kind: "append" };
      return { kind: "refuse", error: kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER };
    }
    const lastSequence = lastSequenceOf(header);
    for (const batch of entry.batches) {
      if (batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence) {
        return { kind: "duplicate", baseOffset: batch.baseOffset };
      }
    }
    const newest = entry.batches.at(-1);
    if (newest !== undefined && header.baseSequence === sequenceAfter(newest.lastSequence, 1))
      return { kind: "append" };
    return { kind: "refuse", error: kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER };
  }

  /** Remembers an appended (or recovered) batch. */
  record(header: BatchHeader, baseOffset: number): void {
    if (header.producerId < 0n) return;
    let entry = this.#producers.get(header.producerId);
    // Taken out and put back: the map's order is then the order of last use.
    if (entry !== undefined) this.#producers.delete(header.producerId);
    if (entry === undefined || entry.epoch !== header.producerEpoch)
      entry = { epoch: header.producerEpoch, batches: [] };
    entry.batches.push({ firstSequence: header.baseSequence, lastSequence: lastSequenceOf(header), baseOffset });
    if (entry.batches.length > BATCHES_REMEMBERED) entry.batches.shift();
    this.#producers.set(header.producerId, entry);
    if (this.#producers.size > PRODUCERS_MAX) {
      for (const oldest of this.#producers.keys()) {
        this.#producers.delete(oldest);
        break;
      }
    }
  }
}

function lastSequenceOf(header: BatchHeader): number {
  return sequenceAfter(header.baseSequence, header.lastOffsetDelta);
}

/** Sequence numbers wrap from 2^31 − 1 to 0. */
function sequenceAfter(sequence: number, steps: number): number {
  return sequence > SEQUENCE_MAX - steps ? steps - (SEQUENCE_MAX - sequence) - 1 : sequence + steps;
}
