/** Bounds that several options, files and requests have in common. */

/** Events per second of the simulator, wherever a rate is given. It catches typing errors; no machine makes as many. */
export const eventRate = { min: 0.001, max: 10_000_000 } as const;

export const eventRateText = `${eventRate.min} to ${eventRate.max}`;

export function isEventRate(value: number): boolean {
  return value >= eventRate.min && value <= eventRate.max;
}

/** More is several instances: beyond, one process is no faster. */
export const vcpuCount = { min: 1, max: 64 } as const;

/** The runtimes' timers hold 31 bits of milliseconds, some 24.8 days; a longer one rings at once. */
export const timerMsMax = 24 * 86_400_000;

/** A TCP port; 0: a free one. */
export const portNumber = { min: 0, max: 65_535 } as const;

/** Numbers of partitions: Kafka's own bound is that of memory. */
export const partitionNumber = { min: 0, max: 1_000_000_000 } as const;
