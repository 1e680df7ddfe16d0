import type { TopicPartition } from "../core/topic-partition.ts";
import { AcknowledgedRanges } from "./acknowledged-ranges.ts";
import type { ProducerIdentity } from "./produce-protocol.ts";
import { finishRecordBatch, RecordBatchBuilder } from "./record-batch.ts";

/** A record batch that waits for its acknowledgement. */
export interface SealedBatch {
  bytes: Buffer;
  recordCount: number;
  /** Of its records before compression. */
  recordBytes: number;
  sealedAtMs: number;
  /** How often it was sent. Its sequence number is fixed by the first time. */
  attempts: number;
}

/**
 * What is on its way to one partition: one batch in flight, the next ones after it in order.
 *
 * One at a time keeps the order without any bookkeeping of sequence gaps, and costs nothing here: while a batch is in
 * flight the next one grows.
 */
export interface PartitionLane extends TopicPartition {
  builder: RecordBatchBuilder;
  openedAtMs: number;
  sealed: SealedBatch[];
  inFlight: boolean;
  retryAtMs: number;
  /** Undefined: a new producer id has to be asked for first. */
  identity: ProducerIdentity | undefined;
  nextSequence: number;
  acknowledged: AcknowledgedRanges;
}

export function openLane(topic: string, partition: number, identity: ProducerIdentity): PartitionLane {
  return {
    topic,
    partition,
    builder: new RecordBatchBuilder(),
    openedAtMs: 0,
    sealed: [],
    inFlight: false,
    retryAtMs: 0,
    identity,
    nextSequence: 0,
    acknowledged: new AcknowledgedRanges(),
  };
}

/** Prepares the lane's first batch for sending. A repeat keeps sequence number and bytes, so the broker can tell it. */
export function stampHead(lane: PartitionLane): SealedBatch {
  const batch = lane.sealed[0]!;
  if (batch.attempts === 0) {
    const { producerId, producerEpoch } = lane.identity!;
    const baseSequence = producerId === -1n ? -1 : lane.nextSequence;
    finishRecordBatch(batch.bytes, { producerId, producerEpoch, baseSequence });
  }
  batch.attempts++;
  return batch;
}

/** Takes the acknowledged first batch off the lane. Sequence numbers wrap at 2^31 − 1 to 0. */
export function acknowledgeHead(lane: PartitionLane, baseOffset: number): SealedBatch {
  const batch = lane.sealed.shift()!;
  lane.nextSequence = (lane.nextSequence + batch.recordCount) % 2 ** 31;
  lane.acknowledged.add(baseOffset, batch.recordCount);
  return batch;
}
