import { setTimeout as sleep } from "node:timers/promises";
import type { FaultAction } from "./faults.ts";
import type { IngesterSlot } from "./ingester-slot.ts";
import type { HeldInsert, IsMeant } from "./insert-proxy.ts";
import { sideTable } from "./side-pipeline.ts";
import type { FaultOutcome, World } from "./world.ts";

const RECORDS = 30;
const STORED_WAIT_MS = 8_000;
/** Records are sent so often until a bundle comes that has ranges of both topics: after each, more than a flush takes. */
const ROUNDS_MAX = 12;
const ROUND_MS = 800;
const RESTART_MS = 300;
/** A session timeout, the time until no insert can be under way any more, and the look-up. */
const SERVED_MS_MAX = 60_000;

type Deletion = Extract<FaultAction, { kind: "deletion-in-flight" }>;

/**
 * Deletes a topic while a bundle is on its way that has ranges of it and of the topic that stays. When its owner is killed,
 * nobody can make that bundle any more, and no commit says whether it is stored: what the other topic had in it must be in
 * the table once all the same.
 */
export async function deleteInFlight(world: World, { owner }: Deletion): Promise<FaultOutcome> {
  const { side } = world;
  const topic = await side.takeTopic(RECORDS, STORED_WAIT_MS);
  if (topic === undefined) return { text: "all topics for this have been deleted", isExact: false };
  const found = await holdBundleWith(world, topic);
  const { sure, produced } = await side.deleteTopic(topic);
  const about = `${topic}: ${produced} records, ${sure} of them stored before`;
  if (found === undefined) return { text: `${about}; no bundle came`, isExact: false };
  const { slot, held } = found;
  if (owner !== "stays") slot.kill(RESTART_MS);
  if (owner !== "killed, insert lost") await held.release();
  const isServed = await side.isServed(RECORDS, SERVED_MS_MAX);
  const text = `${about}; ${held.entry.token} of ingester ${slot.index}, ${held.entry.writtenRows ?? "no"} rows written`;
  if (isServed) return { text, isExact: true };
  const finding = `after a topic was deleted, the other in ${held.entry.token} stood still for ${SERVED_MS_MAX / 1_000} s`;
  return { text: `${text}; the other topic stood still`, isExact: true, finding };
}

interface HeldBundle {
  slot: IngesterSlot;
  held: HeldInsert;
}

/** Sends records to both topics until an ingester inserts a bundle with ranges of both. */
async function holdBundleWith({ slots, side, journal }: World, topic: string): Promise<HeldBundle | undefined> {
  const waitMs = ROUNDS_MAX * ROUND_MS;
  let found: HeldBundle | undefined;
  for (const slot of slots) {
    const isMeant: IsMeant = (insert) => {
      const topics = new Set(journal.rangesOf(insert)?.map((range) => range.topic));
      return insert.table === sideTable && topics.has(topic) && topics.size > 1;
    };
    slot.inserts.hold(1, waitMs, isMeant).then((held) => {
      if (held !== undefined) found = { slot, held };
    });
  }
  for (let round = 0; round < ROUNDS_MAX && found === undefined; round += 1) {
    await side.produce([topic, undefined], RECORDS);
    await sleep(ROUND_MS);
  }
  for (const { inserts } of slots) inserts.holdNone();
  return found;
}
