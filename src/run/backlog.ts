import { type PartitionOffsets, readOffsets, totalLag } from "../clients/kafka/offsets.ts";
import { counted } from "../core/counted.ts";
import { partitionKey } from "../core/topic-partition.ts";
import type { Run } from "./run.ts";

const TELL_EVERY_MS = 5_000;

/**
 * Tells the log how far a start is that has something to repeat or to catch up with, every five seconds until it has: after
 * an end that did not drain it looked as if nothing happened, for as long as the group waits for the member that did not
 * leave. Returns how to stop it.
 *
 * @param joined resolves when the group has let this member in.
 */
export function tellBacklog(run: Run, joined: Promise<unknown>): () => void {
  const { log, begin, options, admin, topics } = run;
  const total = recordsToReadFirst(begin, options.from);
  let isIn = false;
  joined.then(
    () => {
      isIn = true;
    },
    () => {},
  );
  if (total > 0) {
    log.info({ records: total }, `${counted(total, "record")} in Kafka already, to be read first`);
  }
  const timer = setInterval(async () => {
    if (!isIn) {
      const sessionSeconds = options.sessionTimeoutMs / 1000;
      log.info(
        `waiting for the group ${options.groupId}: a member that ended without leaving it counts for ${sessionSeconds} s more`,
      );
      return;
    }
    const now = await readOffsets(admin, options.groupId, topics).catch(() => undefined);
    if (now === undefined) return;
    const left = recordsLeft(begin, now);
    if (left > 0)
      log.info(
        { records: left },
        `${left} of the ${counted(total, "record")} that were in Kafka at the start are still to be read`,
      );
    else clearInterval(timer);
  }, TELL_EVERY_MS);
  return () => clearInterval(timer);
}

/** Records that lie in Kafka already. With `latest` those of a partition that the group has not begun are not read. */
export function recordsToReadFirst(begin: readonly PartitionOffsets[], from: "earliest" | "latest"): number {
  return totalLag(begin.filter(({ committed }) => from === "earliest" || committed !== undefined));
}

/** Records between where the group stands now and where the logs ended when the run began. */
export function recordsLeft(begin: readonly PartitionOffsets[], now: readonly PartitionOffsets[]): number {
  const byKey = new Map(now.map((offsets) => [partitionKey(offsets), offsets]));
  return begin.reduce((sum, at) => {
    const { committed, logStart } = byKey.get(partitionKey(at)) ?? at;
    return sum + Math.max(0, at.logEnd - Math.max(logStart, committed ?? logStart));
  }, 0);
}
