import { setTimeout as sleep } from "node:timers/promises";
import type { FaultAction } from "./faults.ts";
import type { IngesterSlot } from "./ingester-slot.ts";
import type { FaultOutcome, World } from "./world.ts";

const INSERT_WAIT_MS = 8_000;
const SOON_MS = 300;
/** The rest of the group notices after its session timeout, and rejoins at its next heartbeat. */
const REJOIN_MS = 2_000;

type Split = Extract<FaultAction, { kind: "split-bundle" }>;

/**
 * Partitions go round the members in turn, so that as many members as before can have the same shares as before: the group
 * has to change its size for the ranges of one owner to come to several. Where there is room, another ingester joins
 * together with the successor of the killed one, and leaves again; where there is none, the killed one stays away until the
 * others have its partitions.
 */
export async function splitBundle(world: World, slot: IngesterSlot, action: Split): Promise<FaultOutcome> {
  const held = await slot.inserts.hold(action.nth, INSERT_WAIT_MS, ({ subject }) => "bundleId" in subject);
  if (held === undefined || slot.process === undefined) return { text: "no bundle came", isExact: false };
  const joining = world.slots.find(({ isWanted }) => !isWanted);
  const settledMs = world.sessionTimeoutMs + action.beyondSessionMs;
  slot.kill(joining === undefined ? settledMs + REJOIN_MS : SOON_MS);
  joining?.start();
  const [arrival] = await Promise.all([passOn(held, action.passOnMs), sleep(settledMs)]);
  if (joining !== undefined) joining.retire().catch(() => undefined);
  await sleep(REJOIN_MS);
  const size = joining === undefined ? "one less, then one more" : `ingester ${joining.index} came and went`;
  return { text: `${held.entry.table} ${held.entry.token} ${arrival}; ${size}`, isExact: true };
}

async function passOn(
  held: { release(): Promise<{ status: number | undefined; writtenRows: number | undefined }> },
  afterMs: number | undefined,
): Promise<string> {
  if (afterMs === undefined) return "never arrived";
  await sleep(afterMs);
  const { status, writtenRows } = await held.release();
  return `arrived: status ${status ?? "none"}, ${writtenRows ?? "?"} rows`;
}
