import type { PeerSummary } from "./rounds.ts";

/** A row of the targets: a ratio of two peers' medians, or a bound on one figure. */
export type Target =
  | {
      figure: "rowsPerCpuSecond" | "rowsPerSecond";
      /** `best`: the Millrace format with more rows per CPU second. */
      of: "rowbinary" | "best";
      against: string;
      atLeast: number;
    }
  | { figure: "eventLoopUtilisation"; of: "best"; atMost: number };

export const targets: readonly Target[] = [
  { figure: "rowsPerCpuSecond", of: "rowbinary", against: "kafka-engine-documented", atLeast: 6 },
  { figure: "rowsPerCpuSecond", of: "rowbinary", against: "kafka-engine-best", atLeast: 2.5 },
  { figure: "rowsPerCpuSecond", of: "best", against: "kafka-engine-best", atLeast: 5 },
  { figure: "rowsPerCpuSecond", of: "rowbinary", against: "node-consumer", atLeast: 2.5 },
  { figure: "rowsPerCpuSecond", of: "best", against: "node-consumer", atLeast: 5 },
  { figure: "rowsPerCpuSecond", of: "best", against: "pass-through", atLeast: 2.2 },
  { figure: "rowsPerSecond", of: "best", against: "kafka-engine-best", atLeast: 4 },
  { figure: "rowsPerCpuSecond", of: "best", against: "spark", atLeast: 20 },
  { figure: "rowsPerCpuSecond", of: "best", against: "spark-noop", atLeast: 12 },
  { figure: "eventLoopUtilisation", of: "best", atMost: 0.3 },
];

export interface JudgedTarget {
  target: Target;
  /** `--peers` name of the Millrace format that stands for `of`; undefined: not measured. */
  peer: string | undefined;
  /** The ratio, or the figure itself; undefined: a peer that it needs was not measured. */
  measured: number | undefined;
  outcome: "met" | "missed" | "not measured";
}

const rowBinary = "millrace-rowbinary";
const native = "millrace-native";

/** Compares the medians with the targets. Nothing is rounded on the way. */
export function judgeTargets(summaries: readonly PeerSummary[]): JudgedTarget[] {
  const byName = new Map(summaries.map((summary) => [summary.peer, summary]));
  const formats = [byName.get(rowBinary), byName.get(native)];
  // One format alone cannot be the better of two.
  const best = formats.includes(undefined)
    ? undefined
    : formats.reduce((left, right) => (right!.rowsPerCpuSecond > left!.rowsPerCpuSecond ? right : left));
  return targets.map((target) => {
    const own = target.of === "best" ? best : byName.get(rowBinary);
    const measured = measure(target, own, byName);
    return { target, peer: own?.peer, measured, outcome: judge(target, measured) };
  });
}

function measure(
  target: Target,
  own: PeerSummary | undefined,
  byName: ReadonlyMap<string, PeerSummary>,
): number | undefined {
  if (own === undefined) return undefined;
  if (target.figure === "eventLoopUtilisation") return own.eventLoopUtilisation;
  const other = byName.get(target.against);
  return other === undefined ? undefined : own[target.figure] / other[target.figure];
}

function judge(target: Target, measured: number | undefined): JudgedTarget["outcome"] {
  if (measured === undefined) return "not measured";
  const met = target.figure === "eventLoopUtilisation" ? measured <= target.atMost : measured >= target.atLeast;
  return met ? "met" : "missed";
}
