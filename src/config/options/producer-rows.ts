import { compressions } from "../simulator-words.ts";
import type { OptionRows } from "./option-row.ts";

const ratio = { kind: "number", min: 0, max: 1 } as const;
const scale = { kind: "number", min: 0.01, max: 1 } as const;
const interval = { kind: "duration", min: 100, max: 3_600_000 } as const;
const seconds = { variableUnit: 1_000 } as const;
const milliseconds = { variableUnit: 1 } as const;

/** How the simulator sends its events. The variables are those of the system that it stands in for. */
export const producerRows = {
  clientId: {
    env: "KAFKA_CLIENT_ID",
    type: { kind: "text" },
    default: "millrace-simulator",
    help: "name that the producer gives to the brokers",
  },
  acks: {
    flag: "--acks <acks>",
    env: "PRODUCER_ACKS",
    type: { kind: "choice", choices: ["all", "1", "0"], also: { "-1": "all" } },
    default: "all",
    help: "all, 1 or 0; idempotence needs all",
  },
  idempotence: {
    env: "PRODUCER_ENABLE_IDEMPOTENCE",
    type: { kind: "flag" },
    default: "true",
    help: "batches are numbered, so that a repeated one is stored once; needs acks=all",
  },
  compression: {
    flag: "--compression <codec>",
    env: "PRODUCER_COMPRESSION",
    type: { kind: "choice", choices: compressions },
    default: "lz4",
    help: "codec of the batches",
  },
  /**
   * `sticky`: no key; a tick's events of one service go to one partition, the next tick's to the next, which keeps
   * batches large. `key`: the request id is the key, placed by murmur2 as the Java client and librdkafka place it.
   */
  partitioner: {
    flag: "--partitioner <kind>",
    type: { kind: "choice", choices: ["sticky", "key"] },
    default: "sticky",
    help: "sticky (no keys, large batches) or key (request id)",
  },
  lingerMs: {
    env: "PRODUCER_LINGER_MS",
    ...milliseconds,
    type: { kind: "duration", min: 0, max: 60_000 },
    default: "10ms",
    help: "how long a batch waits to fill; a tick of the pacer is added",
  },
  tickIntervalMs: {
    env: "TARGET_INTERVAL_SEC",
    ...seconds,
    type: { kind: "duration", min: 1, max: 5_000 },
    default: "10ms",
    help: "length of a tick of the pacer",
  },
  batchRecordsMax: {
    env: "PRODUCER_BATCH_NUM_MESSAGES",
    type: { kind: "number", min: 1, max: 1_000_000 },
    default: "5000",
    help: "most records in a batch",
  },
  batchBytesMax: {
    env: "PRODUCER_MESSAGE_MAX_BYTES",
    type: { kind: "number", min: 1_024, max: 64 * 1024 * 1024 },
    default: String(512 * 1024),
    help: "most bytes of records in a batch, before compression; a larger record gets a batch of its own",
  },
  deliveryTimeoutMs: {
    type: interval,
    default: "30s",
    help: "a batch that is not acknowledged within this time is given up, and wrapped for logs.dlq",
  },
  retryBackoffMs: {
    env: "PUBLISH_RETRY_BACKOFF_SEC",
    ...seconds,
    type: { kind: "duration", min: 1, max: 60_000 },
    default: "200ms",
    help: "pause before a batch is sent again",
  },
  statsIntervalMs: {
    env: "METRICS_INTERVAL_SEC",
    ...seconds,
    type: interval,
    default: "10s",
    help: "time between two lines of statistics",
  },
  behindLogIntervalMs: {
    env: "SIM_BEHIND_LOG_EVERY_SEC",
    ...seconds,
    type: interval,
    default: "5s",
    help: "time between two lines that say how late the simulator is",
  },
  drainTimeoutMs: {
    env: "SIM_DRAIN_TIMEOUT_SEC",
    ...seconds,
    type: { kind: "duration", min: 0, max: 600_000 },
    default: "5s",
    help: "how long the report waits for the brokers after the end",
  },
} as const satisfies OptionRows;

/** Back-pressure. The ratios refer to the fuller of the two bounds. */
export const queueRows = {
  queueEventsMax: {
    // The later one wins. QUEUE_SIZE counts events here, not batches.
    env: ["PRODUCER_QUEUE_MAX_MESSAGES", "QUEUE_SIZE"],
    type: { kind: "number", min: 1, max: 100_000_000 },
    default: "200000",
    help: "most events that may await acknowledgement",
  },
  queueBytesMax: {
    env: "PRODUCER_QUEUE_MAX_KBYTES",
    variableUnit: 1_024,
    type: { kind: "number", min: 1_024, max: 16 * 1024 ** 3 },
    default: String(128 * 1024 * 1024),
    help: "most bytes of such events",
  },
  queueWarnRatio: {
    env: "SIM_QUEUE_WARN_RATIO",
    type: ratio,
    default: "0.8",
    help: "from here on statistics are logged as warnings",
  },
  softThrottleRatio: {
    env: "QUEUE_SOFT_THROTTLE_RATIO",
    type: ratio,
    default: "0.85",
    help: "stage one: from here on the rate is scaled down step by step",
  },
  softResumeRatio: {
    env: "QUEUE_SOFT_RESUME_RATIO",
    type: ratio,
    default: "0.7",
    help: "below this the rate is scaled up again",
  },
  softScaleStep: { env: "QUEUE_SOFT_SCALE_STEP", type: scale, default: "0.1", help: "size of a step of the scale" },
  softScaleMin: { env: "QUEUE_SOFT_SCALE_MIN", type: scale, default: "0.2", help: "the lowest scale" },
  softScaleMax: { env: "QUEUE_SOFT_SCALE_MAX", type: scale, default: "1", help: "the highest scale" },
  throttleRatio: {
    env: "QUEUE_THROTTLE_RATIO",
    type: ratio,
    default: "0.9",
    help: "stage two: from here on no events are made",
  },
  resumeRatio: { env: "QUEUE_RESUME_RATIO", type: ratio, default: "0.75", help: "below this events are made again" },
} as const satisfies OptionRows;
