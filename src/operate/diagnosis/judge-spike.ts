import { counted } from "../../core/counted.ts";

/** One minute: p95 in ms of each stage that had records, and records a second. */
export interface MinuteFigures {
  /** "14:32", in UTC. */
  minute: string;
  eps: number;
  p95Ms: Readonly<Record<string, number>>;
}

export interface Spike {
  minute: string;
  /** What was late as a whole: e2e, or pipeline where no event says when it happened. */
  whole: string;
  p95Ms: number;
  usualMs: number;
  /** Where most of it was spent; undefined: between the stages, in the wait for a free place for the insert. */
  stage: string | undefined;
  stageMs: number;
  stageUsualMs: number;
  /** Events a second in that minute, divided by the usual. */
  epsRatio: number;
}

/** Each follows the one before in a record's way; the rest of the whole is the wait for an insert. */
export const partStages = ["produce", "fetch", "queue", "process", "insert"] as const;

/** Fewer minutes have no usual. */
const MINUTES_MIN = 3;
/** A minute is a spike when it took twice as long as usual, and noticeably so. */
const RATIO_MIN = 2;
const RISE_MS_MIN = 100;
/** Times the usual number of events: worth saying beside the stage. */
const MANY_FROM = 1.5;

/** The minute that stands out, and the stage that made it; undefined: none does. */
export function findSpike(minutes: readonly MinuteFigures[]): Spike | undefined {
  const whole = minutes.some(({ p95Ms }) => p95Ms.e2e !== undefined) ? "e2e" : "pipeline";
  const usualMs = medianOf(minutes, whole);
  const known = minutes.filter(({ p95Ms }) => p95Ms[whole] !== undefined);
  if (known.length < MINUTES_MIN) return undefined;
  const highest = known.reduce((most, minute) => (minute.p95Ms[whole]! > most.p95Ms[whole]! ? minute : most));
  const p95Ms = highest.p95Ms[whole]!;
  if (p95Ms < RATIO_MIN * usualMs || p95Ms - usualMs < RISE_MS_MIN) return undefined;
  const rises = partStages.map((stage) => {
    const usual = medianOf(minutes, stage);
    return { stage, ms: highest.p95Ms[stage] ?? 0, usual, rise: (highest.p95Ms[stage] ?? 0) - usual };
  });
  const steepest = rises.reduce((most, rise) => (rise.rise > most.rise ? rise : most));
  // What the stages do not explain was waited between them.
  const isBetween = steepest.rise < (p95Ms - usualMs) / 4;
  const usualEps = median(minutes.map(({ eps }) => eps));
  return {
    ...{ minute: highest.minute, whole, p95Ms, usualMs },
    stage: isBetween ? undefined : steepest.stage,
    ...{ stageMs: steepest.ms, stageUsualMs: steepest.usual },
    epsRatio: usualEps > 0 ? highest.eps / usualEps : 1,
  };
}

const causes: Readonly<Record<(typeof partStages)[number], string>> = {
  produce: "the producers sent late, or their clocks are off",
  fetch: "records waited in Kafka, because the ingester was behind or restarting, or the broker slow",
  queue: "records waited for the cut of their range, or for a worker",
  process: "the workers were slow, because the machine was busy or documents were large",
  insert: "ClickHouse was slow, and `millrace diag clickhouse` looks into it",
};
const betweenText =
  "most of the rise between the stages: records waited for a free place for an insert, because ClickHouse was slow with those before";

/** One sentence that names minute and stage. */
export function spikeText(minutes: readonly MinuteFigures[], spike: Spike | undefined): string {
  if (minutes.length === 0)
    return "Nothing was recorded in this time: no ingester ran, nothing came, or it has just begun (the minute that runs is not looked at).";
  if (spike === undefined) return quietText(minutes);
  const { minute, whole, p95Ms, usualMs, stage, stageMs, stageUsualMs, epsRatio } = spike;
  const where =
    stage === undefined
      ? betweenText
      : `most of the rise in ${stage} (${msText(stageMs)} instead of ${msText(stageUsualMs)}): ${causes[stage as keyof typeof causes]}`;
  const many = epsRatio >= MANY_FROM ? `, while ${epsRatio.toFixed(1)} times as many events came` : "";
  return `At ${minute} UTC ${whole} p95 was ${msText(p95Ms)} instead of ${msText(usualMs)}${many}, ${where}.`;
}

function quietText(minutes: readonly MinuteFigures[]): string {
  const all = minutes.flatMap(({ p95Ms }) => p95Ms.e2e ?? p95Ms.pipeline ?? []);
  if (all.length < MINUTES_MIN)
    return `Only ${counted(all.length, "minute")} recorded: too few to tell a spike from the usual.`;
  return `No spike: in each of these minutes p95 was between ${msText(Math.min(...all))} and ${msText(Math.max(...all))}.`;
}

function medianOf(minutes: readonly MinuteFigures[], stage: string): number {
  return median(minutes.flatMap(({ p95Ms }) => p95Ms[stage] ?? []));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.floor((sorted.length - 1) / 2)]!;
}

function msText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
