import type { TopicPartition } from "../core/topic-partition.ts";
/** What the broker acknowledged on one partition. */
export interface PartitionReport extends TopicPartition {
  /** Records acknowledged. */
  count: number;
  /** First and last offset acknowledged; −1: none, or unknown (acks=0). */
  firstOffset: number;
  lastOffset: number;
  /** Offsets without gaps, `[first, last]` each; more than one when other producers wrote in between. */
  ranges: [first: number, last: number][];
}

/** Counters since the start. All but `generated` and `withheld` follow the broker's acknowledgements. */
export interface SimulatorCounts {
  /** Events acknowledged, bad documents included; copies and dead letters not. */
  produced: number;
  /** Events given up without an acknowledgement. */
  failed: number;
  /** Given-up events that were wrapped and acknowledged in logs.dlq. */
  dlqWrapped: number;
  /** Failures acknowledged as copies in logs.error. */
  errorCopies: number;
  /** Events made. Once drained: produced + failed. */
  generated: number;
  /** Bad documents made, by kind. */
  badByKind: Record<string, number>;
  /** Events that were due and not made, because the queue was full or the process stood still for too long. */
  withheld: number;
}

export interface SimulatorReport extends SimulatorCounts {
  /** Every partition of every topic that the simulator writes to. */
  partitions: PartitionReport[];
  /** Acknowledged, over the time in which events were made. */
  eventsPerSecond: number;
  /** From the first event to the end of the last answer. */
  durationMs: number;
  /** Of this process, user and system, since the simulator's start. */
  cpuSeconds: number;
}

export interface SimulatorStats extends SimulatorCounts {
  state: "running" | "draining" | "stopped" | "failed";
  /** Asked for, before the factors. */
  targetEventsPerSecond: number;
  /** Acknowledged, over the last statistics window. */
  eventsPerSecond: number;
  /** Acknowledged events by service. */
  generatedByService: Record<string, number>;
  pendingEvents: number;
  pendingBytes: number;
  /** 0 empty, 1 full. */
  queueRatio: number;
  /** Factors on the target: time of day, and the soft stage of the back-pressure. */
  timeFactor: number;
  softScale: number;
  /** The hard stage of the back-pressure holds all events back. */
  paused: boolean;
  pauses: number;
}
