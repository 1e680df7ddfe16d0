import { setTimeout as sleep } from "node:timers/promises";
import type { FaultAction } from "./faults.ts";
import type { IngesterSlot } from "./ingester-slot.ts";
import { hasWritten, isLate } from "./insert-journal.ts";
import type { FaultOutcome, World } from "./world.ts";

const INSERT_WAIT_MS = 5_000;
const TAKE_OVER_MS = 14_000;

/**
 * The insert of an owner that is none any more, under a token that nobody remembers: only its fence can refuse it.
 *
 * A process that is stopped at a step asks for its lease when it wakes up and so sends nothing. The insert that can do harm
 * has left already, so it is held on its way. Meanwhile the others take the partitions over and store again what the
 * stopped one had announced. Only when they have committed all that was in the logs do the tables forget: forgotten earlier,
 * the repeats of the others would double rows, and rightly so.
 */
export async function lateInsert(
  world: World,
  slot: IngesterSlot,
  { nth, beyondSessionMs }: Extract<FaultAction, { kind: "forgotten-zombie" }>,
): Promise<FaultOutcome> {
  const child = slot.process;
  if (child === undefined) return { text: "it had just ended", isExact: false };
  const held = await slot.inserts.hold(nth, INSERT_WAIT_MS);
  if (held === undefined) return { text: "no insert came", isExact: false };
  child.signal("SIGSTOP");
  try {
    const isTakenOver = world.untilCommitted(world.sessionTimeoutMs + TAKE_OVER_MS);
    await sleep(world.sessionTimeoutMs + beyondSessionMs);
    const obstacle = (await isTakenOver) ? undefined : "nobody has taken its partitions over, so the tokens stay";
    if (obstacle === undefined) await world.forgetTokens();
    const entry = await held.release();
    const isRefused = isLate(entry) && entry.status !== undefined && !hasWritten(entry);
    const wrote = hasWritten(entry) ? `wrote ${entry.writtenRows} rows` : "wrote nothing";
    const when =
      entry.deadlineMs === undefined
        ? "without a deadline"
        : isLate(entry)
          ? `${entry.sentMs! - entry.deadlineMs} ms after its deadline`
          : `${entry.deadlineMs - entry.sentMs!} ms before its deadline`;
    const text = `${entry.table} ${entry.token} came ${when}, status ${entry.status ?? "none"}, ${wrote}`;
    return { text: obstacle ?? text, isExact: obstacle === undefined && isRefused };
  } finally {
    child.signal("SIGCONT");
  }
}
