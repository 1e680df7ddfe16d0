import { createHash } from "node:crypto";
import type { PartitionRange } from "../../core/topic-partition.ts";

/** Of base64url, six bits each: two bundles of one group with the same id are out of the question. */
export const BUNDLE_ID_LENGTH = 16;

/**
 * The id of a bundle: a digest of its ranges and of the time that they are judged by, so that whoever has put the list
 * together again from what its partitions say can tell whether it is whole.
 *
 * @param members in the order of `compareTopicPartitions`
 */
export function bundleIdOf(members: readonly PartitionRange[], judgedMs: number): string {
  const hash = createHash("sha256");
  for (const { topic, partition, firstOffset, lastOffset } of members) {
    hash.update(`${topic}:${partition}:${firstOffset}-${lastOffset}\n`);
  }
  return hash.update(`@${judgedMs}`).digest("base64url").slice(0, BUNDLE_ID_LENGTH);
}
