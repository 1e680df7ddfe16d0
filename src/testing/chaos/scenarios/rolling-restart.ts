import { setTimeout as sleep } from "node:timers/promises";
import type { RunReport } from "../../../run/report.ts";
import { startLoad } from "../load.ts";
import { type Rig, untilFirstCommit, withRig } from "../rig.ts";
import { type LagWatch, readGroup, untilStable, watchLag } from "./group-watch.ts";
import { badEnd, endAndJudge, type ScenarioResult, type ScenarioTerms } from "./scenario.ts";
import { type IngesterPlace, openPlace, type StartedIngester } from "./started-ingester.ts";

const INSTANCES = 3;
const ROUNDS = 2;
const PROFILE = "mid";
const STOP_MS_MAX = 60_000;
const STABLE_MS_MAX = 90_000;
const WARM_UP_MS = 8_000;
/** Between two restarts, as between two machines of a deployment. */
const CALM_MS = 3_000;

interface Restart {
  round: number;
  instance: number;
  /** From SIGTERM to the end of the process. */
  stopMs: number;
  /** From its end until the group was stable without it. */
  stableWithoutMs: number;
  /** From its start until the group was stable with it. */
  stableWithMs: number;
}

/** Three instances under load, each stopped by SIGTERM in turn and started again, twice. */
export function rollingRestart(terms: ScenarioTerms): Promise<ScenarioResult> {
  return withRig(
    terms,
    (rig) => restartAll(rig, terms),
    ({ findings }) => findings.length === 0,
  );
}

async function restartAll(rig: Rig, terms: ScenarioTerms): Promise<ScenarioResult> {
  const { say, signal, eventsPerSecond, seed } = terms;
  const places: IngesterPlace[] = [];
  for (let index = 1; index <= INSTANCES; index++) places.push(await openPlace(rig, { index, profile: PROFILE }));
  const running = places.map((place) => place.start());
  await Promise.all(running.map((ingester) => ingester.untilAssigned(STABLE_MS_MAX)));
  await untilStable(rig.admin, INSTANCES, STABLE_MS_MAX, signal);
  const load = startLoad({ ...rig, eventsPerSecond, seed });
  rig.closers.push(async () => load.kill());
  const watch = watchLag(rig.admin);
  rig.closers.push(() => watch.stop());
  await untilFirstCommit(rig.admin, signal);
  await sleep(WARM_UP_MS, undefined, { signal });
  const calmLag = Math.max(...watch.figures.samples.slice(-8).map(({ lag }) => lag));
  watch.reset();
  say(`${INSTANCES} instances (profile ${PROFILE}) under ${eventsPerSecond} events/s; lag ${calmLag}`);
  const { restarts, reports, findings } = await restartInTurn(rig, places, running, watch, terms);
  await watch.stop();
  const ending = await endAndJudge(rig, load, running, terms);
  return makeResult({ rig, terms, restarts, reports, watch, calmLag, ending, findings });
}

async function restartInTurn(
  rig: Rig,
  places: IngesterPlace[],
  running: StartedIngester[],
  watch: LagWatch,
  { say, signal }: ScenarioTerms,
): Promise<{ restarts: Restart[]; reports: RunReport[]; findings: string[] }> {
  const restarts: Restart[] = [];
  const reports: RunReport[] = [];
  const findings: string[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [index, place] of places.entries()) {
      const end = await running[index]!.stop(STOP_MS_MAX);
      findings.push(...badEnd(running[index]!, end));
      if (end.report !== undefined) reports.push(end.report);
      const endedMs = Date.now();
      await untilStable(rig.admin, INSTANCES - 1, STABLE_MS_MAX, signal);
      const startedMs = Date.now();
      running[index] = place.start();
      await running[index]!.untilAssigned(STABLE_MS_MAX);
      await untilStable(rig.admin, INSTANCES, STABLE_MS_MAX, signal);
      const stableWithMs = Date.now() - startedMs;
      const restart = {
        round,
        instance: index + 1,
        stopMs: end.stopMs,
        stableWithoutMs: startedMs - endedMs,
        stableWithMs,
      };
      restarts.push(restart);
      await sleep(CALM_MS, undefined, { signal });
      say(
        `round ${round}, instance ${index + 1}: ended after ${end.stopMs} ms, the others stable ${startedMs - endedMs} ms later, ` +
          `all stable ${stableWithMs} ms after its start; lag ${watch.figures.samples.at(-1)?.lag}`,
      );
    }
  }
  const { members } = await readGroup(rig.admin);
  if (members.length !== INSTANCES) findings.push(`the group has ${members.length} members, not ${INSTANCES}`);
  return { restarts, reports, findings };
}

function makeResult(made: {
  rig: Rig;
  terms: ScenarioTerms;
  restarts: Restart[];
  reports: RunReport[];
  watch: LagWatch;
  calmLag: number;
  ending: Awaited<ReturnType<typeof endAndJudge>>;
  findings: string[];
}): ScenarioResult {
  const { rig, terms, restarts, reports, watch, calmLag, ending } = made;
  const { standstillMs, partitionStandstill } = watch.figures;
  const lagMax = Math.max(...watch.figures.samples.map(({ lag }) => lag));
  for (const { report } of ending.ends) if (report !== undefined) reports.push(report);
  const sum = (count: (counts: RunReport["counts"]) => number) =>
    reports.reduce((total, { counts }) => total + count(counts), 0);
  const replayed = sum(({ replayedRanges }) => replayedRanges);
  const abandoned = sum(({ abandonedBundles }) => abandonedBundles);
  const lost = sum(({ lostOffsets }) => lostOffsets);
  const longest = (of: (restart: Restart) => number) => Math.max(...restarts.map(of));
  return {
    scenario: "rolling-restart",
    broker: rig.broker.name,
    findings: [...made.findings, ...ending.findings],
    figures: {
      instances: INSTANCES,
      profile: PROFILE,
      eventsPerSecond: terms.eventsPerSecond,
      restarts,
      standstillMs,
      partitionStandstill,
      lagMax,
      lagBefore: calmLag,
      replayedRanges: replayed,
      abandonedBundles: abandoned,
      lostOffsets: lost,
      lag: watch.figures.samples,
      ...ending.figures,
    },
    lines: [
      `restarts    ${restarts.length}, ${INSTANCES} instances; SIGTERM to end at most ${longest((at) => at.stopMs)} ms, ` +
        `group stable again at most ${longest((at) => at.stableWithoutMs)} ms later, with the new one ${longest((at) => at.stableWithMs)} ms after its start`,
      `standstill  ${standstillMs} ms without any commit, ${partitionStandstill.ms} ms for one partition (${partitionStandstill.partition})`,
      `lag         ${calmLag} before, ${lagMax} at most`,
      `ranges      ${replayed} repeated by a new owner, ${abandoned} left to it, ${lost} offsets lost`,
      ...ending.lines,
    ],
  };
}
