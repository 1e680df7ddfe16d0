import type { KafkaSecurity } from "../clients/kafka/security.ts";
import { MillraceError } from "../core/errors.ts";
import type { SimulatorProfile, SimulatorRoutes } from "./simulator-files.ts";
import { type BadKind, badKinds, type Compression, type EventMode } from "./simulator-words.ts";

/** Called for each structured log record. */
export type SimulatorLog = (level: "info" | "warn", message: string, fields: Record<string, unknown>) => void;

export interface SimulatorSettings {
  /** `host:port` each. */
  brokers: string[];
  /** TLS and login; undefined: neither. */
  security: KafkaSecurity | undefined;
  clientId: string;
  /** Undefined: the profile's. Multiplied by `share`. */
  eventsPerSecond: number | undefined;
  /** SIMULATOR_SHARE: this instance's part of the load. */
  share: number;
  /** Stop making events after so many ms. Undefined: run until stopped. */
  durationMs: number | undefined;
  /** Stop after so many events. */
  eventsMax: number | undefined;
  mode: EventMode;
  /** Undefined: the profile's seed, or a random one. */
  seed: number | undefined;
  /** Undefined: the files under ops/simulator. */
  profile: SimulatorProfile | undefined;
  routes: SimulatorRoutes | undefined;
  /** For `time_weights` (S0-11). */
  timezone: string;
  /** `hash`: `evt_v1_` + 128 bits of a hash over the event's fields except its time (S0-17); `random`: `evt_` + 32 hex. */
  eventId: "random" | "hash";
  /** Share of documents that are bad on purpose, 0 to 1. */
  badRate: number;
  badKinds: readonly BadKind[];
  /** Port of the HTTP control; 0: a free one; null: none. */
  httpPort: number | null;
  /** IP address of the HTTP control. Beyond loopback there must be a token. */
  httpAddress: string;
  /** What callers of the HTTP control must show; undefined: nothing. */
  httpToken: string | undefined;

  acks: "all" | "1" | "0";
  /** Needs acks=all. */
  idempotence: boolean;
  compression: Compression;
  /**
   * `sticky`: no key; a tick's events of one service go to one partition, the next tick's to the next, which keeps
   * batches large. `key`: the request id is the key, placed by murmur2 as the Java client and librdkafka place it.
   */
  partitioner: "sticky" | "key";
  /** How long records wait for company. One tick of the pacer (`tickIntervalMs`) is added. */
  lingerMs: number;
  tickIntervalMs: number;
  batchRecordsMax: number;
  /** Of the records of one batch before compression. A single larger record gets a batch of its own. */
  batchBytesMax: number;
  /** A batch that is not acknowledged by then is given up and wrapped for `logs.dlq`. */
  deliveryTimeoutMs: number;
  retryBackoffMs: number;

  /** Unacknowledged events and bytes; the ratios below refer to the fuller of both. */
  queueEventsMax: number;
  queueBytesMax: number;
  queueWarnRatio: number;
  /** Stage one of the back-pressure: the rate is scaled down step by step (S0-20). */
  softThrottleRatio: number;
  softResumeRatio: number;
  softScaleStep: number;
  softScaleMin: number;
  softScaleMax: number;
  /** Stage two: no events at all until the queue has fallen to `resumeRatio`. */
  throttleRatio: number;
  resumeRatio: number;

  statsIntervalMs: number;
  behindLogIntervalMs: number;
  drainTimeoutMs: number;
  log: SimulatorLog;
}

/** What a caller gives; what is absent or undefined has its default. */
export type SimulatorOptions = { brokers: string[] } & {
  [Key in keyof SimulatorSettings]?: SimulatorSettings[Key] | undefined;
};

const defaults: Omit<SimulatorSettings, "brokers"> = {
  security: undefined,
  clientId: "millrace-simulator",
  eventsPerSecond: undefined,
  share: 1,
  durationMs: undefined,
  eventsMax: undefined,
  mode: "domain",
  seed: undefined,
  profile: undefined,
  routes: undefined,
  timezone: "Asia/Seoul",
  eventId: "random",
  badRate: 0,
  badKinds,
  httpPort: null,
  httpAddress: "127.0.0.1",
  httpToken: undefined,
  acks: "all",
  idempotence: true,
  compression: "lz4",
  partitioner: "sticky",
  lingerMs: 10,
  tickIntervalMs: 10,
  batchRecordsMax: 5_000,
  batchBytesMax: 512 * 1024,
  deliveryTimeoutMs: 30_000,
  retryBackoffMs: 200,
  queueEventsMax: 200_000,
  queueBytesMax: 128 * 1024 * 1024,
  queueWarnRatio: 0.8,
  softThrottleRatio: 0.85,
  softResumeRatio: 0.7,
  softScaleStep: 0.1,
  softScaleMin: 0.2,
  softScaleMax: 1,
  throttleRatio: 0.9,
  resumeRatio: 0.75,
  statsIntervalMs: 10_000,
  behindLogIntervalMs: 5_000,
  drainTimeoutMs: 5_000,
  log: () => {},
};

type NumberBound = [key: keyof SimulatorSettings, min: number, max: number];

const bounds: NumberBound[] = [
  ["eventsPerSecond", 0.001, 10_000_000],
  ["share", 0, 1_000],
  ["durationMs", 1, Number.MAX_SAFE_INTEGER],
  ["eventsMax", 1, Number.MAX_SAFE_INTEGER],
  ["seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ["badRate", 0, 1],
  ["httpPort", 0, 65_535],
  ["lingerMs", 0, 60_000],
  ["tickIntervalMs", 1, 5_000],
  ["batchRecordsMax", 1, 1_000_000],
  ["batchBytesMax", 1_024, 64 * 1024 * 1024],
  ["deliveryTimeoutMs", 100, 3_600_000],
  ["retryBackoffMs", 1, 60_000],
  ["queueEventsMax", 1, 100_000_000],
  ["queueBytesMax", 1_024, 16 * 1024 ** 3],
  ["queueWarnRatio", 0, 1],
  ["softThrottleRatio", 0, 1],
  ["softResumeRatio", 0, 1],
  ["softScaleStep", 0.01, 1],
  ["softScaleMin", 0.01, 1],
  ["softScaleMax", 0.01, 1],
  ["throttleRatio", 0, 1],
  ["resumeRatio", 0, 1],
  ["statsIntervalMs", 100, 3_600_000],
  ["behindLogIntervalMs", 100, 3_600_000],
  ["drainTimeoutMs", 0, 600_000],
];

/**
 * Puts the defaults behind the options and checks them, alone and in pairs.
 *
 * @throws MillraceError E_CONFIG naming the option, the value and the bound.
 */
export function completeSimulatorOptions(options: SimulatorOptions): SimulatorSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...defaults, ...given } as SimulatorSettings;
  // Idempotence is the default only where it can be: the weaker acks switch it off unless both were asked for.
  if (settings.acks !== "all" && options.idempotence === undefined) settings.idempotence = false;
  for (const [key, min, max] of bounds) {
    const value = settings[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      throw new MillraceError("E_CONFIG", `simulator option ${key} is ${String(value)}: must be from ${min} to ${max}`);
    }
  }
  checkPairs(settings);
  return settings;
}

function checkPairs(settings: SimulatorSettings): void {
  if (settings.idempotence && settings.acks !== "all") {
    throw new MillraceError("E_CONFIG", `simulator: idempotence needs acks=all, and acks is ${settings.acks}`);
  }
  if (settings.resumeRatio > settings.throttleRatio || settings.softResumeRatio > settings.softThrottleRatio) {
    throw new MillraceError("E_CONFIG", "simulator: a resume ratio must not exceed its throttle ratio");
  }
  if (settings.softScaleMin > settings.softScaleMax) {
    throw new MillraceError("E_CONFIG", "simulator: softScaleMin must not exceed softScaleMax");
  }
  if (settings.badKinds.length === 0) throw new MillraceError("E_CONFIG", "simulator: badKinds must not be empty");
  try {
    new Intl.DateTimeFormat("en", { timeZone: settings.timezone });
  } catch {
    throw new MillraceError("E_CONFIG", `simulator: timezone "${settings.timezone}" is not an IANA zone`);
  }
}
