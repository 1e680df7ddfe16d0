import type { ProfileName } from "../../src/config/profiles.ts";
import { cheapest, closeToBest, type Figures, memoryMiB, NOISE, type Tried } from "./figures.ts";

/** What each profile is for, as a sentence for the file and as a choice among runs. */
export interface Goal {
  sentence: string;
  choose(tried: readonly Tried[]): Tried;
}

/** Events must be visible within this even in the cheapest profile. */
const LOW_P95_MS_MAX = 3_000;
/** What `mid` is for: at the replaced system's rate, whose p95 was 10 s. */
const MID_P95_MS_MAX = 300;
/** Where that cannot be had: how much more CPU than the cheapest value `mid` may pay for a better p95. */
const MID_COST_MAX = 1.5;
/** CPU within this share of the cheapest is as cheap: memory decides. */
const LOW_CPU_SHARE = 0.1;
/** What Native must save of all CPU before `low` and `mid` insert it: rows can be read by more programs than columns. */
const NATIVE_SAVES_MIN = 0.3;

export const goals: Record<ProfileName, Goal> = {
  low: {
    sentence: `least CPU per row with an e2e p95 below ${LOW_P95_MS_MAX} ms; within ${LOW_CPU_SHARE * 100} % of it, least memory`,
    choose: (tried) =>
      cheapest(preferred(tried, isVisibleSoon), ({ cpuMicrosPerRow }) => cpuMicrosPerRow, LOW_CPU_SHARE, memoryMiB),
  },
  mid: {
    sentence: `at its own rate least CPU per row with an e2e p95 below ${MID_P95_MS_MAX} ms; otherwise lowest e2e p95 at no more than ${MID_COST_MAX} times the CPU of the cheapest value, within ${NOISE * 100} % of it least CPU`,
    choose(tried) {
      const least = Math.min(...tried.map(({ figures }) => figures.cpuMicrosPerRow));
      const affordable = tried.filter(({ figures }) => figures.cpuMicrosPerRow <= least * MID_COST_MAX);
      return cheapest(
        preferred(affordable, ({ holds }) => holds !== false),
        ({ e2eP95Ms }) => e2eP95Ms ?? 0,
        NOISE,
        ({ cpuMicrosPerRow }) => cpuMicrosPerRow,
      );
    },
  },
  high: {
    sentence: `most rows per second by the clock; within ${NOISE * 100} % of it, least CPU per row; within ${NOISE * 100} % of that, least memory`,
    choose(tried) {
      const fast = closeToBest(tried, ({ rowsPerSecond }) => 1 / rowsPerSecond, NOISE);
      return cheapest(fast, ({ cpuMicrosPerRow }) => cpuMicrosPerRow, NOISE, memoryMiB);
    },
  },
};

/** The format of `low` and `mid`, of runs at their own rate. */
export function chooseFormat(tried: readonly Tried[]): Tried {
  const cpuOf = ({ figures }: Tried) => figures.cpuMicrosPerRow;
  const [rows, columns] = ["rowbinary", "native"].map((format) => tried.find(({ value }) => value === format));
  if (rows === undefined || columns === undefined) return (rows ?? columns)!;
  return cpuOf(columns) <= cpuOf(rows) * (1 - NATIVE_SAVES_MIN) ? columns : rows;
}

/** Mid's flush interval, of runs at its own rate. */
export function chooseInterval(tried: readonly Tried[]): Tried {
  const soon = tried.filter(({ figures: { holds, e2eP95Ms } }) => holds !== false && (e2eP95Ms ?? 0) <= MID_P95_MS_MAX);
  if (soon.length === 0) return goals.mid.choose(tried);
  return cheapest(
    soon,
    ({ cpuMicrosPerRow }) => cpuMicrosPerRow,
    NOISE,
    ({ e2eP95Ms }) => e2eP95Ms ?? 0,
  );
}

function isVisibleSoon({ e2eP95Ms, holds }: Figures): boolean {
  return holds !== false && (e2eP95Ms ?? 0) <= LOW_P95_MS_MAX;
}

/** Those that meet the condition; all of them when none does: some value must be chosen. */
function preferred(tried: readonly Tried[], meets: (figures: Figures) => boolean): readonly Tried[] {
  const met = tried.filter(({ figures }) => meets(figures));
  return met.length > 0 ? met : tried;
}
