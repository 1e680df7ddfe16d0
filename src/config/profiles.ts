import { MillraceError } from "../core/errors.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much is collected before an insert, and how much runs at once (S0-89). */
export interface Profile {
  name: string;
  /** A range is cut at whichever of the three comes first. */
  flushRows: number;
  flushBytes: number;
  flushIntervalMs: number;
  workers: number;
  /** Inserts at once. Bounds ClickHouse's memory, too. */
  insertsMax: number;
  /** All bytes between fetch and acknowledgement; intake pauses above it. */
  bytesMax: number;
  /** Events per second of the simulator when `--eps` is not given. */
  simulatorEventsPerSecond: number;
}

export const profileNames = ["low", "mid", "high"] as const;
export type ProfileName = (typeof profileNames)[number];

/**
 * For two vCPUs. Long intervals make few large inserts (cheap); short ones make events visible early. With ten
 * partitions, `mid` makes at most twenty inserts a second.
 */
const profiles: Record<ProfileName, Profile> = {
  low: {
    name: "low",
    flushRows: 20_000,
    flushBytes: 8 * MIB,
    flushIntervalMs: 1_000,
    workers: 1,
    insertsMax: 2,
    bytesMax: 64 * MIB,
    simulatorEventsPerSecond: 1_000,
  },
  mid: {
    name: "mid",
    flushRows: 50_000,
    flushBytes: 16 * MIB,
    flushIntervalMs: 400,
    workers: 1,
    insertsMax: 3,
    bytesMax: 192 * MIB,
    simulatorEventsPerSecond: 5_000,
  },
  high: {
    name: "high",
    flushRows: 200_000,
    flushBytes: 64 * MIB,
    flushIntervalMs: 1_000,
    workers: 2,
    insertsMax: 4,
    bytesMax: 384 * MIB,
    simulatorEventsPerSecond: 20_000,
  },
};

/**
 * The profile for a vCPU budget. Only two vCPUs are tuned so far; other budgets scale the number of workers and of
 * inserts with it.
 */
export function profileFor(name: string, vcpus: number): Profile {
  if (!isProfileName(name)) {
    throw new MillraceError("E_CONFIG", `--profile ${name}: must be one of ${profileNames.join(", ")}`);
  }
  const profile = profiles[name];
  const scale = vcpus / 2;
  return {
    ...profile,
    workers: Math.max(1, Math.round(profile.workers * scale)),
    insertsMax: Math.max(1, Math.round(profile.insertsMax * scale)),
  };
}

function isProfileName(name: string): name is ProfileName {
  return (profileNames as readonly string[]).includes(name);
}
