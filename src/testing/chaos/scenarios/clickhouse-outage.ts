import { setTimeout as sleep } from "node:timers/promises";
import { profileFor } from "../../../config/profiles.ts";
import type { RunReport } from "../../../run/report.ts";
import { startLoad } from "../load.ts";
import { aborted, type Rig, untilFirstCommit, withRig } from "../rig.ts";
import { type LagWatch, watchGroup, watchLag } from "./group-watch.ts";
import { type MemoryWatch, mib, peakBytes, watchMemory } from "./memory-watch.ts";
import { endAndJudge, type ScenarioResult, type ScenarioTerms } from "./scenario.ts";
import { openPlace, type StartedIngester } from "./started-ingester.ts";

export type Outage = "stop" | "kill";

const PROFILE = "mid";
const { bytesMax } = profileFor(PROFILE, 2);
const ASSIGNED_MS_MAX = 60_000;
/** Long enough for buffers, heap and lag to be what they are in a quiet hour. */
const WARM_UP_MS = 20_000;
const BASELINE_MS = 10_000;
/** The backlog must become smaller within this time, as long as there is one. */
const DRAIN_PATIENCE_MS = 90_000;
const POLL_MS = 500;
const PROGRESS_MS = 5_000;

interface Course {
  /** Of memory and lag before the outage. */
  baselineRssBytes: number;
  /** The highest while ClickHouse was away. */
  awayRssBytes: number;
  lagBefore: number;
  beganMs: number;
  endedMs: number;
  /** From ClickHouse's return until the lag was as before, under the same load; undefined: never. */
  drainMs: number | undefined;
  backlog: number;
}

/**
 * One ingester under load; ClickHouse is stopped, or killed and started again, for a time.
 *
 * Two memory figures are judged against the profile's byte budget: the bytes in flight by the ingester's own count, for its
 * whole life, and how much its resident memory grows while nothing can leave it. What draining at many times the rate of the
 * baseline costs on top is told: heap and worker buffers of that rate, not of the backlog.
 */
export function clickHouseOutage(terms: ScenarioTerms, outage: Outage): Promise<ScenarioResult> {
  return withRig(
    terms,
    (rig) => outlive(rig, terms, outage),
    ({ findings }) => findings.length === 0,
  );
}

async function outlive(rig: Rig, terms: ScenarioTerms, outage: Outage): Promise<ScenarioResult> {
  const { signal, eventsPerSecond, seed } = terms;
  const place = await openPlace(rig, { index: 1, profile: PROFILE });
  const ingester = place.start();
  await ingester.untilAssigned(ASSIGNED_MS_MAX);
  const load = startLoad({ ...rig, eventsPerSecond, seed });
  rig.closers.push(async () => load.kill());
  await untilFirstCommit(rig.admin, signal);
  const [lags, group, memory] = [watchLag(rig.admin), await watchGroup(rig.admin), watchMemory(ingester.pid)];
  rig.closers.push(
    () => lags.stop(),
    () => group.stop(),
    async () => memory.stop(),
  );
  await sleep(WARM_UP_MS, undefined, { signal });
  const course = await breakAndWatch(rig, terms, outage, { ingester, lags, memory });
  const drainRssBytes = peakBytes(memory, course.endedMs, Date.now());
  const isAlive = ingester.isRunning;
  const assignments = await ingester.assignments();
  await Promise.all([lags.stop(), group.stop()]);
  memory.stop();
  const ending = await endAndJudge(rig, load, [ingester], terms);
  const seen = { ...course, outage, drainRssBytes, isAlive, assignments, report: ending.ends[0]?.report };
  const { looks, changes } = group;
  const samples = { memory: memory.samples, lag: lags.figures.samples };
  return {
    scenario: `clickhouse-outage ${outage}`,
    broker: rig.broker.name,
    findings: [...findingsOf(seen, changes), ...ending.findings],
    figures: { profile: PROFILE, eventsPerSecond, ...seen, looks, changes, ...samples, ...ending.figures },
    lines: [...describe(seen, looks, changes), ...ending.lines],
  };
}

interface Seen extends Course {
  outage: Outage;
  drainRssBytes: number;
  isAlive: boolean;
  /** How often the ingester was given its partitions, from its start on. */
  assignments: number;
  report: RunReport | undefined;
}

function findingsOf(seen: Seen, groupChanges: string[]): string[] {
  const { drainMs, isAlive, assignments, report, awayRssBytes, baselineRssBytes } = seen;
  const findings: string[] = [];
  if (drainMs === undefined) findings.push("the backlog was not drained");
  if (!isAlive) findings.push("the ingester's process has ended");
  if (assignments !== 1) findings.push(`the ingester was given its partitions ${assignments} times`);
  if (groupChanges.length > 0) findings.push(`the group has changed: ${groupChanges.join("; ")}`);
  const budgetBytes = report?.peakBudgetBytes;
  if (budgetBytes === undefined || budgetBytes > bytesMax) {
    findings.push(`the ingester's bytes in flight reached ${budgetBytes} of ${bytesMax}`);
  }
  const grownBytes = awayRssBytes - baselineRssBytes;
  if (grownBytes > bytesMax) findings.push(`the ingester's memory grew by ${mib(grownBytes)}, budget ${mib(bytesMax)}`);
  return findings;
}

function describe(seen: Seen, looks: number, groupChanges: string[]): string[] {
  const { outage, beganMs, endedMs, baselineRssBytes: before, awayRssBytes, drainRssBytes, report } = seen;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const budget = report === undefined ? "unknown" : mib(report.peakBudgetBytes);
  const { pauses, insertRetries, lateInserts, replayedRanges, sourceRestarts } = report?.counts ?? {};
  const counts = Object.entries({ pauses, insertRetries, lateInserts, replayedRanges, sourceRestarts });
  const drained = seen.drainMs === undefined ? "never" : `${seconds(seen.drainMs)} after ClickHouse's return`;
  return [
    `outage      ClickHouse ${outage === "kill" ? "killed and started again" : "stopped"}, away for ${seconds(endedMs - beganMs)}`,
    `memory      ${mib(before)} before; ${mib(awayRssBytes)} at most while ClickHouse was away: ${mib(awayRssBytes - before)} more, budget ${mib(bytesMax)}`,
    `            ${mib(drainRssBytes)} at most afterwards, at the full speed of draining: ${mib(drainRssBytes - before)} more`,
    `            bytes in flight at most in its whole life ${budget}, by its own count`,
    `ingester    ${seen.isAlive ? "same process" : "ENDED"}, partitions given ${seen.assignments} ×, ${groupChanges.length} changes of the group in ${looks} looks`,
    `            ${counts.map(([name, count]) => `${name} ${count}`).join(", ")}`,
    `backlog     ${seen.backlog} records, drained ${drained} (lag ${seen.lagBefore} before)`,
  ];
}

async function breakAndWatch(
  rig: Rig,
  { say, signal, outageSeconds }: ScenarioTerms,
  outage: Outage,
  { ingester, lags, memory }: { ingester: StartedIngester; lags: LagWatch; memory: MemoryWatch },
): Promise<Course> {
  const beganMs = Date.now();
  const baselineRssBytes = peakBytes(memory, beganMs - BASELINE_MS, beganMs);
  const before = lags.figures.samples.filter(({ atMs }) => atMs >= beganMs - BASELINE_MS);
  const lagBefore = Math.max(...before.map(({ lag }) => lag));
  const figures = () => `lag ${lags.figures.samples.at(-1)?.lag}, memory ${mib(memory.samples.at(-1)?.rssBytes ?? 0)}`;
  say(`ClickHouse goes (${outage}) for ${outageSeconds} s; ${figures()}`);
  const timer = setInterval(() => say(`${((Date.now() - beganMs) / 1_000).toFixed(0)} s: ${figures()}`), PROGRESS_MS);
  try {
    const outageMs = outageSeconds * 1_000;
    const over = outage === "kill" ? rig.clickHouse.killAndRestart(outageMs) : rig.clickHouse.pause(outageMs);
    await Promise.race([over, aborted(signal)]);
    const endedMs = Date.now();
    say(`ClickHouse is back; ${figures()}`);
    const drained = await untilDrained(lags, ingester, lagBefore, endedMs, signal);
    say(drained.drainMs === undefined ? `not drained; ${figures()}` : `drained; ${figures()}`);
    await sleep(PROGRESS_MS, undefined, { signal });
    const awayRssBytes = peakBytes(memory, beganMs, endedMs);
    return { baselineRssBytes, awayRssBytes, lagBefore, beganMs, endedMs, ...drained };
  } finally {
    clearInterval(timer);
  }
}

/** Until the lag is no higher than it was before, as long as it becomes smaller. */
async function untilDrained(
  lags: LagWatch,
  ingester: StartedIngester,
  lagBefore: number,
  endedMs: number,
  signal: AbortSignal,
): Promise<{ drainMs: number | undefined; backlog: number }> {
  let best = Number.POSITIVE_INFINITY;
  let movedMs = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const since = lags.figures.samples.filter(({ atMs }) => atMs >= endedMs);
    const backlog = Math.max(0, ...since.map(({ lag }) => lag));
    const drained = since.find(({ lag }) => lag <= lagBefore);
    if (drained !== undefined) return { drainMs: drained.atMs - endedMs, backlog };
    const lag = since.at(-1)?.lag ?? best;
    if (lag < best) {
      best = lag;
      movedMs = Date.now();
    }
    if (Date.now() - movedMs > DRAIN_PATIENCE_MS || !ingester.isRunning) return { drainMs: undefined, backlog };
    await sleep(POLL_MS);
  }
}
