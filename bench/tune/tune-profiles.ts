import type { ProfileName, ProfileValues } from "../../src/config/profiles.ts";
import type { Figures, TunedValue } from "./figures.ts";
import { chooseFormat, chooseInterval, goals } from "./goals.ts";
import { type Coordinate, descend, type SearchResult } from "./search.ts";

const MIB = 1024 * 1024;

/** The two kinds of runs. */
export interface Runs {
  /** Everything at once: what the values cost per row, and the most that they can do. */
  drain(values: ProfileValues): Promise<Figures>;
  /** A load of so many events per second: how late they are. */
  paced(values: ProfileValues, eventsPerSecond: number): Promise<Figures>;
  /** Rows per second of a drain before any tuning. */
  drainedPerSecond: number;
}

export interface TuneOptions {
  vcpus: number;
  /** The budget's present profiles, where the search begins. */
  start: Record<ProfileName, ProfileValues>;
  runs: Runs;
  /** Which to tune. */
  names: readonly ProfileName[];
  /** Formats that the program has and that are worth a try. */
  insertFormats: readonly ProfileValues["insertFormat"][];
  /** Below it, the codec itself gets slower. */
  flushRowsMin: number;
  /** Two values per coordinate and only those that matter most. */
  quick: boolean;
  /** Until when runs may begin, by profile: a share of the whole time each. */
  hasTime(profile: ProfileName): boolean;
  onProfile(name: ProfileName): void;
}

export interface TunedProfile {
  goal: string;
  /** What the runs were offered: a topic to drain, or events per second. */
  load: string;
  values: ProfileValues;
  figures: Figures;
  searches: SearchResult[];
}

/** Of what a budget can drain: the load under which `mid` gets its room. It must have some for bursts. */
const MID_LOAD_SHARE = 0.25;
const LOW_EVENTS_PER_SECOND = 1_000;
const SEED_EVENTS_PER_SECOND = 5_000;
const DEMO_EVENTS_PER_SECOND_MAX = 50_000;

/** Tunes the profiles that are wanted, `high` first: its rate is the measure for the load of the others. */
export async function tuneProfiles(options: TuneOptions): Promise<Partial<Record<ProfileName, TunedProfile>>> {
  const wants = (name: ProfileName) => options.names.includes(name);
  const high = wants("high") ? await tuneHigh(options) : undefined;
  const mostPerSecond = high?.figures.rowsPerSecond ?? options.runs.drainedPerSecond;
  const low = wants("low") ? await tuneLow(options) : undefined;
  const mid = wants("mid") ? await tuneMid(options, roundDown(mostPerSecond * MID_LOAD_SHARE)) : undefined;
  // What `millrace start` makes up without --eps: the simulator needs its share of the same cores.
  const demo = Math.min(DEMO_EVENTS_PER_SECOND_MAX, roundDown(mostPerSecond * MID_LOAD_SHARE));
  return {
    ...(low === undefined ? {} : { low: withDemoRate(low, Math.min(LOW_EVENTS_PER_SECOND, demo)) }),
    ...(mid === undefined ? {} : { mid: withDemoRate(mid, Math.min(SEED_EVENTS_PER_SECOND, demo)) }),
    ...(high === undefined ? {} : { high: withDemoRate(high, demo) }),
  };
}

function withDemoRate(profile: TunedProfile, simulatorEventsPerSecond: number): TunedProfile {
  return { ...profile, values: { ...profile.values, simulatorEventsPerSecond } };
}

async function tuneHigh(options: TuneOptions): Promise<TunedProfile> {
  const { vcpus, quick } = options;
  options.onProfile("high");
  const coordinates: Coordinate[] = [
    { name: "insertFormat", candidates: options.insertFormats },
    { name: "workers", candidates: countUpTo(vcpus + 1) },
    {
      name: "flushRows",
      candidates: aboveMin(options, quick ? [100_000] : [50_000, 100_000, 150_000, 200_000, 400_000]),
    },
    { name: "insertsMax", candidates: quick ? [vcpus] : [vcpus, vcpus + 1, 2 * vcpus, 3 * vcpus] },
    ...(quick
      ? []
      : [
          { name: "flushIntervalMs" as const, candidates: [500, 1_000, 2_000] },
          { name: "bytesMax" as const, candidates: [192 * MIB, 384 * MIB] },
          { name: "flushBytes" as const, candidates: [16 * MIB, 32 * MIB, 64 * MIB] },
        ]),
  ];
  const search = await descend({
    start: options.start.high,
    coordinates,
    measure: options.runs.drain,
    choose: goals.high.choose,
    hasTime: () => options.hasTime("high"),
  });
  return tuned("high", "a filled topic", [search]);
}

/** Memory shows in a drain, where buffers fill; the cost of many small inserts shows under a thin load. */
async function tuneLow(options: TuneOptions): Promise<TunedProfile> {
  const { quick } = options;
  options.onProfile("low");
  const full = await descend({
    start: { ...options.start.low, workers: 1 },
    coordinates: [
      { name: "flushRows", candidates: aboveMin(options, quick ? [20_000] : [10_000, 20_000, 50_000]) },
      { name: "bytesMax", candidates: quick ? [] : [32 * MIB, 64 * MIB] },
      { name: "flushBytes", candidates: quick ? [] : [4 * MIB, 8 * MIB] },
    ],
    measure: options.runs.drain,
    choose: goals.low.choose,
    hasTime: () => options.hasTime("low"),
  });
  const thin = await descend({
    start: full.values,
    coordinates: [
      { name: "insertFormat", candidates: options.insertFormats, choose: chooseFormat },
      { name: "flushIntervalMs", candidates: quick ? [2_000] : [500, 1_000, 2_000] },
      { name: "insertsMax", candidates: quick ? [] : [1, 2] },
    ],
    measure: (values) => options.runs.paced(values, LOW_EVENTS_PER_SECOND),
    choose: goals.low.choose,
    hasTime: () => options.hasTime("low"),
  });
  return tuned("low", `a filled topic, then ${LOW_EVENTS_PER_SECOND} events/s`, [full, thin]);
}

/** Threads and inserts must do for a quarter of the most; how late an event is, and what that costs, is the seed's rate. */
async function tuneMid(options: TuneOptions, eventsPerSecond: number): Promise<TunedProfile> {
  const { vcpus, quick } = options;
  options.onProfile("mid");
  const common = { choose: goals.mid.choose, hasTime: () => options.hasTime("mid") };
  const full = await descend({
    start: options.start.mid,
    coordinates: [
      { name: "workers", candidates: quick ? [] : countUpTo(vcpus) },
      { name: "insertsMax", candidates: quick ? [] : [vcpus, vcpus + 1, 2 * vcpus] },
      { name: "flushRows", candidates: quick ? [] : aboveMin(options, [10_000, 25_000, 50_000]) },
    ],
    measure: (values) => options.runs.paced(values, eventsPerSecond),
    ...common,
  });
  const rate = Math.min(SEED_EVENTS_PER_SECOND, eventsPerSecond);
  const thin = await descend({
    start: full.values,
    coordinates: [
      // First: what an interval costs depends on the format.
      { name: "insertFormat", candidates: options.insertFormats, choose: chooseFormat },
      { name: "flushIntervalMs", candidates: quick ? [200] : [150, 200, 240, 300, 400], choose: chooseInterval },
    ],
    measure: (values) => options.runs.paced(values, rate),
    ...common,
  });
  return tuned("mid", `${eventsPerSecond} events/s, then ${rate}`, [full, thin]);
}

function tuned(name: ProfileName, load: string, searches: SearchResult[]): TunedProfile {
  const last = searches.at(-1)!;
  return { goal: goals[name].sentence, load, values: last.values, figures: last.figures, searches };
}

function aboveMin({ flushRowsMin }: TuneOptions, sizes: readonly number[]): TunedValue[] {
  return sizes.filter((size) => size >= flushRowsMin);
}

function countUpTo(max: number): number[] {
  return Array.from({ length: max }, (_, index) => index + 1);
}

/** To one significant digit: 37,400 becomes 30,000. */
function roundDown(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return Math.max(1, Math.floor(value / unit) * unit);
}
