import type { CommitOffset } from "../../core/partition-offsets.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { Membership } from "./membership.ts";

/**
 * The coordinator appends a request's offsets as one batch, of 1 MiB at most by default. Without metadata an offset takes 564
 * bytes with the longest names of topic and group (src/ingest/commit/commit-size.ts).
 */
export const BEGUN_AT_ONCE = 1_500;

/** Commits where partitions begin. Returns those that the coordinator does not know. */
export async function commitBegun(
  begun: readonly CommitOffset[],
  commit: Membership["commit"],
): Promise<TopicPartition[]> {
  const unknown: TopicPartition[] = [];
  for (let first = 0; first < begun.length; first += BEGUN_AT_ONCE) {
    unknown.push(...(await commit(begun.slice(first, first + BEGUN_AT_ONCE), () => {})));
  }
  return unknown;
}
