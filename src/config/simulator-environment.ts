import { MillraceError } from "../core/errors.ts";
import type { SimulatorSettings } from "./simulator.ts";
import { type Compression, compressions, type EventMode, eventModes } from "./simulator-words.ts";

type Reader = (name: string, text: string) => Partial<SimulatorSettings>;

/**
 * The seed system's variables (S0-14, S0-19 to S0-22) and what they set here. Bounds are checked with the options.
 *
 * QUEUE_SIZE counts events here, not batches.
 */
const readers: Record<string, Reader> = {
  KAFKA_BOOTSTRAP: (_name, text) => ({ brokers: text.split(",").map((broker) => broker.trim()) }),
  KAFKA_CLIENT_ID: (_name, text) => ({ clientId: text }),
  SIM_EVENT_MODE: (name, text) => ({ mode: oneOf(name, text.toLowerCase(), eventModes) as EventMode }),
  SIMULATOR_SHARE: number("share", 1),
  TARGET_INTERVAL_SEC: number("tickIntervalMs", 1_000),
  SIM_BEHIND_LOG_EVERY_SEC: number("behindLogIntervalMs", 1_000),
  SIM_DRAIN_TIMEOUT_SEC: number("drainTimeoutMs", 1_000),
  METRICS_INTERVAL_SEC: number("statsIntervalMs", 1_000),
  // Both bound the events that are made and not acknowledged; QUEUE_SIZE, the later one, wins.
  PRODUCER_QUEUE_MAX_MESSAGES: number("queueEventsMax", 1),
  QUEUE_SIZE: number("queueEventsMax", 1),
  PRODUCER_QUEUE_MAX_KBYTES: number("queueBytesMax", 1_024),
  SIM_QUEUE_WARN_RATIO: number("queueWarnRatio", 1),
  QUEUE_SOFT_THROTTLE_RATIO: number("softThrottleRatio", 1),
  QUEUE_SOFT_RESUME_RATIO: number("softResumeRatio", 1),
  QUEUE_SOFT_SCALE_STEP: number("softScaleStep", 1),
  QUEUE_SOFT_SCALE_MIN: number("softScaleMin", 1),
  QUEUE_SOFT_SCALE_MAX: number("softScaleMax", 1),
  QUEUE_THROTTLE_RATIO: number("throttleRatio", 1),
  QUEUE_RESUME_RATIO: number("resumeRatio", 1),
  PUBLISH_RETRY_BACKOFF_SEC: number("retryBackoffMs", 1_000),
  PRODUCER_ACKS: (name, text) => ({
    acks: text === "-1" ? "all" : (oneOf(name, text, ["all", "1", "0"]) as SimulatorSettings["acks"]),
  }),
  PRODUCER_ENABLE_IDEMPOTENCE: (name, text) => ({
    idempotence: ["true", "1"].includes(oneOf(name, text.toLowerCase(), ["true", "false", "1", "0"])),
  }),
  PRODUCER_COMPRESSION: (name, text) => ({ compression: oneOf(name, text.toLowerCase(), compressions) as Compression }),
  PRODUCER_LINGER_MS: number("lingerMs", 1),
  PRODUCER_BATCH_NUM_MESSAGES: number("batchRecordsMax", 1),
  PRODUCER_MESSAGE_MAX_BYTES: number("batchBytesMax", 1),
};

/**
 * Accepted so that the seed system's compose file works as it is, without effect: they tune its threads and queues,
 * which this simulator does not have (one event loop fills the batches of all partitions).
 */
const withoutEffect = [
  "LOG_BATCH_SIZE",
  "LOOPS_PER_SERVICE",
  "PUBLISHER_WORKERS",
  "WORKER_BATCH_SIZE",
  "PUBLISH_QUEUE_WARN_RATIO",
  "IDLE_WARN_SEC",
  "SEND_WARN_SEC",
  "QUEUE_LOW_WATERMARK_RATIO",
  "QUEUE_LOW_SLEEP_SCALE",
  "QUEUE_THROTTLE_SLEEP",
];

export interface SimulatorEnvironment {
  options: Partial<SimulatorSettings>;
  /** Variables that are set and do nothing here. */
  withoutEffect: string[];
}

/** Reads the simulator's variables. @throws MillraceError E_CONFIG that names the variable and its value. */
export function readSimulatorEnvironment(env: Record<string, string | undefined>): SimulatorEnvironment {
  const options: Partial<SimulatorSettings> = {};
  for (const [name, read] of Object.entries(readers)) {
    const text = env[name];
    if (text !== undefined && text !== "") Object.assign(options, read(name, text));
  }
  return { options, withoutEffect: withoutEffect.filter((name) => env[name] !== undefined) };
}

function number(key: keyof SimulatorSettings, factor: number): Reader {
  return (name, text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) {
      throw new MillraceError("E_CONFIG", `${name} is "${text}": must be a number`);
    }
    return { [key]: value * factor };
  };
}

function oneOf(name: string, text: string, allowed: readonly string[]): string {
  if (!allowed.includes(text)) {
    throw new MillraceError("E_CONFIG", `${name} is "${text}": must be one of ${allowed.join(", ")}`);
  }
  return text;
}
