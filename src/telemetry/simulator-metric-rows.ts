import type { ValueRow } from "./metric-row.ts";

const ofSimulator = (name: string, type: "counter" | "gauge", unit: string, help: string): ValueRow => ({
  ...{ name: `simulator_${name}`, type, unit, help, labels: [], where: "simulator" },
});

/** The metrics of the simulator's HTTP control, by the names of its statistics. */
export const simulatorMetricRows = {
  generated: ofSimulator("generated_events_total", "counter", "events", "made"),
  produced: ofSimulator("produced_events_total", "counter", "events", "acknowledged by the brokers"),
  failed: ofSimulator("failed_events_total", "counter", "events", "given up, because no broker acknowledged them"),
  dlqWrapped: ofSimulator("dead_letters_total", "counter", "events", "wrapped for logs.dlq"),
  errorCopies: ofSimulator("error_copies_total", "counter", "events", "copied to logs.error"),
  withheld: ofSimulator("withheld_events_total", "counter", "events", "not made because of back-pressure"),
  pauses: ofSimulator("throttle_pauses_total", "counter", "times", "no events were made because of back-pressure"),
  targetEventsPerSecond: ofSimulator("target_events_per_second", "gauge", "events per second", "the wanted rate"),
  pendingEvents: ofSimulator("pending_events", "gauge", "events", "await their acknowledgement"),
  pendingBytes: ofSimulator("pending_bytes", "gauge", "bytes", "of these events"),
  queueRatio: ofSimulator("queue_ratio", "gauge", "0 to 1", "how full the queue is, by the fuller of its bounds"),
  softScale: ofSimulator("soft_throttle_scale", "gauge", "0 to 1", "what the rate is multiplied by at present"),
  paused: ofSimulator("paused", "gauge", "0 or 1", "1 while no events are made"),
} as const;
