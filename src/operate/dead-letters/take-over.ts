import { insertSecondsMax } from "../../ingest/sink/insert-settings.ts";
import { TokenMemory } from "../../ingest/sink/token-memory.ts";
import { type Letter, type LetterKey, letterName } from "./letter.ts";
import { loadLetters } from "./read-letters.ts";
import type { ReplayContext } from "./replay-context.ts";
import { destinationOf, transcodeAll } from "./replay-fresh.ts";
import type { OpenBatch, ReplayNote } from "./replay-log.ts";
import { countRejected, countSkipped, countStored } from "./replay-report.ts";
import type { Route } from "./replay-routes.ts";
import { BEGIN_MS_MAX, type ReadyLetter, storeBatch } from "./store-batch.ts";

/** From then on no insert of the batch's owner can be on its way: it had to begin, and was ended by the server. */
const SETTLED_MS = BEGIN_MS_MAX + insertSecondsMax * 1000 + 30_000;

/**
 * Goes on with a batch that was announced and never got its outcomes. Its owner was killed, or lives and is slow; it
 * makes no difference, because the same rows go under the same token. Returns the letters that are free again.
 *
 * Under another plan (the pipeline or the table was changed since) the rows may be others, and may lie in other
 * partitions of the table, where the token protects nothing: then the batch is left alone until no insert of its owner
 * can be on its way, and only what the target does not hold is sent.
 *
 * Under the same plan, and while the target and the tables behind its views remember the token, all rows are sent, even those that the target holds: a server that was killed between the table
 * and a materialized view behind it brings the view up to date at the repeat.
 */
export async function takeOver(context: ReplayContext, batch: OpenBatch): Promise<LetterKey[]> {
  const letters = await loadLetters(context.client, batch.keys);
  const route = await routeOfBatch(context, batch, letters);
  if (route === undefined) return [];
  const isSamePlan = route.plan.key === batch.planKey;
  if (!isSamePlan && batch.ageMs < SETTLED_MS) {
    const seconds = Math.ceil((SETTLED_MS - batch.ageMs) / 1000);
    const message = `${batch.who} has begun to store it under another plan; run this again in ${seconds} s`;
    for (const key of batch.keys) countSkipped(context.report, key, "in_doubt", message);
    return [];
  }
  const { ready, rejections } = transcodeAll(route, letters);
  const held = (await route.target.held?.(letters)) ?? new Set<string>();
  const isHeld = ({ letter }: ReadyLetter) => held.has(letterName(letter));
  const memory = new TokenMemory(context.client);
  const isForgotten = await memory.mayHaveForgotten(route.plan.table, Date.now() - batch.ageMs);
  const resent = isSamePlan && !isForgotten ? ready : ready.filter((one) => !isHeld(one));
  return finish(context, route, batch, { letters, rejections, held, resent });
}

/** All letters of a batch go the same way; undefined, and counted, when there is none any more. */
async function routeOfBatch(
  context: ReplayContext,
  batch: OpenBatch,
  letters: readonly Letter[],
): Promise<Route | undefined> {
  if (letters[0] === undefined) return undefined;
  const route = await context.routeOf(letters[0]);
  if (!("skip" in route)) return route;
  for (const key of batch.keys) countSkipped(context.report, key, route.skip, route.message);
  return undefined;
}

interface Findings {
  letters: readonly Letter[];
  rejections: readonly ReplayNote[];
  held: Set<string>;
  resent: readonly ReadyLetter[];
}

async function finish(
  context: ReplayContext,
  route: Route,
  batch: OpenBatch,
  { letters, rejections, held, resent }: Findings,
): Promise<LetterKey[]> {
  const { client, newerSettings, report, log } = context;
  let there = held;
  if (resent.length > 0) {
    const beginBeforeMs = batch.announcedMs + batch.ageMs + BEGIN_MS_MAX;
    const outcome = await storeBatch(client, newerSettings, route, batch, resent, beginBeforeMs);
    // A refusal wrote nothing. The rows are announced anew, and then cut in halves.
    if ("held" in outcome) there = new Set([...held, ...outcome.held]);
  }
  const reasons = new Map(rejections.map((note) => [letterName(note.key), note]));
  const notes: ReplayNote[] = batch.keys.map((key) => {
    if (there.has(letterName(key))) return { key, outcome: "stored" };
    return reasons.get(letterName(key)) ?? { key, outcome: "released" };
  });
  await log.note(notes, destinationOf(route), batch);
  context.step("afterOutcome");
  countStored(report, notes.filter(({ outcome }) => outcome === "stored").length);
  for (const { key, outcome, errorType = "", reason = "" } of notes) {
    if (outcome === "rejected") countRejected(report, key, errorType, reason);
  }
  const isPresent = new Set(letters.map(letterName));
  return notes
    .filter(({ key, outcome }) => outcome === "released" && isPresent.has(letterName(key)))
    .map(({ key }) => key);
}
