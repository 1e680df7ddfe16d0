import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { hasReached, lagOf, type PartitionOffsets, readOffsets } from "../../clients/kafka/offsets.ts";
import { MillraceError } from "../../core/errors.ts";

const POLL_MS = 1_000;

interface Group {
  id: string;
  topics: string[];
}

/** Whether the group commits everything that the logs hold at the call before `timeoutMs` are over. */
export async function isCommittedWithin(admin: Admin, group: Group, timeoutMs: number): Promise<boolean> {
  const ends = await readOffsets(admin, group.id, group.topics);
  for (const deadlineMs = Date.now() + timeoutMs; Date.now() < deadlineMs; await sleep(POLL_MS)) {
    if (hasReached(await readOffsets(admin, group.id, group.topics), ends)) return true;
  }
  return false;
}

/**
 * Waits until the group has committed everything that the logs hold, as long as it gets anywhere: the deadline counts
 * from the last time that the lag became smaller. Returns the offsets then.
 *
 * @throws MillraceError E_INCOMPLETE with the partitions that lag, when the lag stood still for `standStillMs`.
 */
export async function untilCommitted(
  admin: Admin,
  group: Group,
  standStillMs: number,
  onLag: (lag: number) => void,
  signal: AbortSignal,
): Promise<PartitionOffsets[]> {
  let best = Number.POSITIVE_INFINITY;
  let movedMs = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const offsets = await readOffsets(admin, group.id, group.topics);
    const lag = offsets.reduce((sum, partition) => sum + lagOf(partition), 0);
    if (lag === 0) return offsets;
    onLag(lag);
    if (lag < best) {
      best = lag;
      movedMs = Date.now();
    }
    if (Date.now() - movedMs > standStillMs) throw stuck(offsets, standStillMs);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function stuck(offsets: PartitionOffsets[], standStillMs: number): MillraceError {
  const behind = offsets
    .filter((partition) => lagOf(partition) > 0)
    .map(
      ({ topic, partition, committed, logEnd }) => `${topic}:${partition} at ${committed ?? "nothing"} of ${logEnd}`,
    );
  return new MillraceError(
    "E_INCOMPLETE",
    `The group has not moved for ${standStillMs / 1_000} s without any fault: ${behind.join(", ")}`,
  );
}
