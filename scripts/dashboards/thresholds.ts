/** The pipeline's objective for latency from event to stored row. */
export const objectiveMs = 10_000;
/** Where the replaced system's dashboards turned red. */
export const redMs = 20_000;
/** What each of its stages had to keep: beyond it an alert was due. */
export const alertBoundMs = 60_000;

/** From this value on, this colour. */
export interface ThresholdStep {
  from: number | null;
  color: string;
}

const good: ThresholdStep = { from: null, color: "green" };

/** Of a latency or an age in milliseconds. */
export const latencySteps: readonly ThresholdStep[] = [
  good,
  { from: objectiveMs, color: "yellow" },
  { from: redMs, color: "red" },
  { from: alertBoundMs, color: "dark-red" },
];

/** The same in seconds. */
export const secondsSteps: readonly ThresholdStep[] = latencySteps.map(({ from, color }) => ({
  from: from === null ? null : from / 1000,
  color,
}));

/** Red from 1 % on: of answers with an error, and of records that end as dead letters. */
export const faultSteps: readonly ThresholdStep[] = [good, { from: 1, color: "red" }];

/** Red as soon as there is one. */
export const noneSteps: readonly ThresholdStep[] = [good, { from: 1, color: "red" }];

/** A share of something that is used up, in percent. */
export const fullSteps: readonly ThresholdStep[] = [good, { from: 80, color: "yellow" }, { from: 95, color: "red" }];

/** A share that should be 100 %. */
export const completeSteps: readonly ThresholdStep[] = [
  { from: null, color: "red" },
  { from: 95, color: "yellow" },
  { from: 99, color: "green" },
];

/** Red unless it is 1. */
export const yesSteps: readonly ThresholdStep[] = [
  { from: null, color: "red" },
  { from: 1, color: "green" },
];
