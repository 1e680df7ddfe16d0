import { type Letter, type LetterKey, letterName } from "./letter.ts";
import { loadLetters } from "./read-letters.ts";
import type { ReplayContext } from "./replay-context.ts";
import type { Destination, ReplayNote } from "./replay-log.ts";
import { countAlreadyThere, countRejected, countSkipped, countStored } from "./replay-report.ts";
import type { Route } from "./replay-routes.ts";
import { BEGIN_MS_MAX, type ReadyLetter, storeBatch } from "./store-batch.ts";

/** A letter that was acknowledged and is not there is sent once more, under a token of its own. */
const ROUNDS_MAX = 2;

/** Replays letters that are in no announced batch. */
export async function replayFresh(context: ReplayContext, keys: readonly LetterKey[]): Promise<void> {
  const { report, log, dryRun } = context;
  for (const [route, letters] of await groupByRoute(context, await loadLetters(context.client, keys))) {
    const { ready, rejections } = transcodeAll(route, letters);
    for (const { key, errorType = "", reason = "" } of rejections) countRejected(report, key, errorType, reason);
    const held = (await route.target.held?.(ready.map(({ letter }) => letter))) ?? new Set();
    const alreadyThere = ready.filter(({ letter }) => held.has(letterName(letter)));
    countAlreadyThere(report, alreadyThere.length);
    const missing = ready.filter(({ letter }) => !held.has(letterName(letter)));
    if (dryRun) {
      countStored(report, missing.length);
      continue;
    }
    const notes = alreadyThere.map(({ letter }) => ({ key: letter, outcome: "already_there" as const }));
    await log.note([...rejections, ...notes], destinationOf(route), undefined);
    await storeReady(context, route, missing, 1);
  }
}

/** The letters by the way that they go; those that go nowhere are counted. */
async function groupByRoute(context: ReplayContext, letters: readonly Letter[]): Promise<Map<Route, Letter[]>> {
  const groups = new Map<Route, Letter[]>();
  for (const letter of letters) {
    const route = await context.routeOf(letter);
    if ("skip" in route) countSkipped(context.report, letter, route.skip, route.message);
    else {
      const group = groups.get(route);
      if (group === undefined) groups.set(route, [letter]);
      else group.push(letter);
    }
  }
  return groups;
}

/** What the present plan makes of the letters. */
export function transcodeAll(
  route: Route,
  letters: readonly Letter[],
): { ready: ReadyLetter[]; rejections: ReplayNote[] } {
  const ready: ReadyLetter[] = [];
  const rejections: ReplayNote[] = [];
  for (const letter of letters) {
    const result = route.transcode(letter);
    if (result.row !== undefined) ready.push(result);
    else {
      const { errorType, errorMessage: reason } = result;
      rejections.push({ key: letter, outcome: "rejected", errorType, reason });
    }
  }
  return { ready, rejections };
}

export function destinationOf({ plan }: Route): Destination {
  return { pipeline: plan.pipeline, planKey: plan.key, table: plan.table };
}

/** Announces, inserts, notes the outcomes. What the server refuses for its data goes again in halves, announced anew. */
async function storeReady(
  context: ReplayContext,
  route: Route,
  ready: readonly ReadyLetter[],
  round: number,
): Promise<void> {
  if (ready.length === 0) return;
  const { report, log, step } = context;
  const destination = destinationOf(route);
  step("beforeIntent");
  const keys = ready.map(({ letter }) => letter);
  const batch = await log.announce(keys, destination);
  if ("busy" in batch) {
    const names = new Set(batch.busy.map(letterName));
    for (const key of batch.busy) countSkipped(report, key, "in_doubt", "another replay has just taken it");
    const rest = ready.filter(({ letter }) => !names.has(letterName(letter)));
    return storeReady(context, route, rest, round);
  }
  step("afterIntent");
  const beginBeforeMs = batch.announcedMs + BEGIN_MS_MAX;
  const outcome = await storeBatch(context.client, context.newerSettings, route, batch, ready, beginBeforeMs);
  step("afterInsert");
  if ("refused" in outcome) {
    const { errorType, message } = outcome.refused;
    const refused = { outcome: ready.length === 1 ? "rejected" : "released", errorType, reason: message } as const;
    await log.note(
      keys.map((key) => ({ key, ...refused })),
      destination,
      batch,
    );
    step("afterOutcome");
    if (ready.length === 1) return countRejected(report, keys[0]!, errorType, message);
    const middle = ready.length >> 1;
    await storeReady(context, route, ready.slice(0, middle), 1);
    return storeReady(context, route, ready.slice(middle), 1);
  }
  const isHeld = (letter: Letter) => outcome.held.has(letterName(letter));
  await log.note(
    keys.map((key) => ({ key, outcome: isHeld(key) ? "stored" : "released" })),
    destination,
    batch,
  );
  step("afterOutcome");
  const lost = ready.filter(({ letter }) => !isHeld(letter));
  countStored(report, ready.length - lost.length);
  if (round < ROUNDS_MAX) return storeReady(context, route, lost, round + 1);
  for (const { letter } of lost) {
    countSkipped(report, letter, "not_stored", `the insert was acknowledged, but ${route.plan.table} does not hold it`);
  }
}
