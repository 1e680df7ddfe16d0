import { setTimeout as sleep } from "node:timers/promises";
import { classifyKafkaError } from "../clients/kafka/classify-error.ts";
import { hasReached, type PartitionOffsets, readOffsets } from "../clients/kafka/offsets.ts";
import type { Run } from "./run.ts";

const POLL_MS = 100;

/** Resolves when the run's own limit is met: its duration, or the ends of the topics. Never without one. */
export async function workIsDone(run: Run): Promise<void> {
  if (run.options.untilEnd) return untilEnd(run, run.begin);
  if (run.options.durationMs === undefined) return new Promise(() => {});
  if (run.simulator === undefined) await sleep(run.options.durationMs);
  else await run.simulator.ended;
}

/** Waits until the group has committed up to `ends` (default: the ends that the logs have now), or the run is to stop. */
export async function untilEnd(run: Run, ends?: PartitionOffsets[]): Promise<void> {
  const { stopping } = run.shutdown;
  let target = ends;
  while (!stopping.aborted) {
    const now = await offsetsNow(run);
    target ??= now;
    // A pipeline that is stopped does not come to its end.
    const counted = target?.filter(({ topic }) => !run.pipeline.stopped().some(({ topics }) => topics.includes(topic)));
    if (now !== undefined && counted !== undefined && hasReached(now, counted)) return;
    await sleep(POLL_MS);
  }
}

/** Undefined while Kafka is away: the run has not come to its end by that. */
async function offsetsNow({ admin, options, topics }: Run): Promise<PartitionOffsets[] | undefined> {
  return readOffsets(admin, options.groupId, topics).catch((error) => {
    if (classifyKafkaError(error).class === "fatal") throw error;
    return undefined;
  });
}
