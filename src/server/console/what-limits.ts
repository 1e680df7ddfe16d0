/** Who does the work, and the share of the time in which each was busy, 0 to 1. */
export interface BusyShares {
  /** Of the places for inserts. */
  inserts: number;
  workers: number;
  /** Undefined: the runtime does not measure it. */
  mainThread: number | undefined;
  /** Intake paused, because the byte budget was used up. */
  paused: number;
}

export interface Limit {
  /** One sentence, for people. */
  sentence: string;
  /** The busiest first. */
  busy: { name: string; share: number }[];
}

/** From here on the rest of the time is no reserve: work waits for its turn. */
const LIMITS_FROM = 0.6;
const PAUSED_FROM = 0.02;

/** What keeps the pipeline from being faster, in one sentence. */
export function whatLimits({ inserts, workers, mainThread, paused }: BusyShares): Limit {
  const all = [
    { name: "ClickHouse's inserts", share: inserts },
    { name: "the workers", share: workers },
    ...(mainThread === undefined ? [] : [{ name: "the main thread", share: mainThread }]),
  ];
  const busy = all
    .map(({ name, share }) => ({ name, share: Math.min(1, Math.max(0, share)) }))
    .sort((a, b) => b.share - a.share);
  const [first] = busy as [(typeof busy)[number]];
  return { sentence: sentenceOf(first, paused), busy };
}

function sentenceOf({ name, share }: { name: string; share: number }, paused: number): string {
  const busiest = `Busiest: ${name}, ${percent(share)} of the time`;
  if (paused >= PAUSED_FROM) return `The byte budget: intake pauses ${percent(paused)} of the time. ${busiest}`;
  return share >= LIMITS_FROM ? `${capital(name)}: ${percent(share)} of the time` : `Nothing. ${busiest}`;
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "under 1 %" : `${Math.round(share * 100)} %`;
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
