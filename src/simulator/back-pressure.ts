import type { SimulatorSettings } from "../config/simulator.ts";

export type BackPressureSettings = Pick<
  SimulatorSettings,
  | "queueWarnRatio"
  | "softThrottleRatio"
  | "softResumeRatio"
  | "softScaleStep"
  | "softScaleMin"
  | "softScaleMax"
  | "throttleRatio"
  | "resumeRatio"
>;

/** The two stages (S0-20): a soft one that scales the rate, a hard one that stops it. */
export interface BackPressure {
  /** Factor on the rate, 0 < scale ≤ 1. */
  scale: number;
  paused: boolean;
  /** How often the hard stage set in. */
  pauses: number;
  nextStepMs: number;
}

/** One step of the soft stage at most so often: faster ones would overshoot before the queue can answer. */
const stepIntervalMs = 100;

export function openBackPressure(settings: BackPressureSettings): BackPressure {
  return { scale: settings.softScaleMax, paused: false, pauses: 0, nextStepMs: 0 };
}

/** Changes of state, to be logged. */
export type BackPressureChange = "throttled" | "resumed" | "scaled down" | "scaled up" | undefined;

/** Follows the queue. @param ratio 0 empty, 1 full */
export function updateBackPressure(
  state: BackPressure,
  settings: BackPressureSettings,
  ratio: number,
  nowMs: number,
): BackPressureChange {
  if (!state.paused && ratio >= settings.throttleRatio) {
    state.paused = true;
    state.pauses++;
    return "throttled";
  }
  if (state.paused && ratio <= settings.resumeRatio) {
    state.paused = false;
    return "resumed";
  }
  if (nowMs < state.nextStepMs) return undefined;
  if (ratio >= settings.softThrottleRatio && state.scale > settings.softScaleMin) {
    state.nextStepMs = nowMs + stepIntervalMs;
    state.scale = Math.max(settings.softScaleMin, state.scale - settings.softScaleStep);
    return "scaled down";
  }
  if (ratio <= settings.softResumeRatio && state.scale < settings.softScaleMax) {
    state.nextStepMs = nowMs + stepIntervalMs;
    state.scale = Math.min(settings.softScaleMax, state.scale + settings.softScaleStep);
    return "scaled up";
  }
  return undefined;
}
