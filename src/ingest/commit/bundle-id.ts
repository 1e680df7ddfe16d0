import { createHash } from "node:crypto";
import type { TopicPartition } from "../../core/topic-partition.ts";

/** The offsets of one partition that are a member of a bundle, both included. */
export interface BundleMember extends TopicPartition {
  firstOffset: number;
  lastOffset: number;
}

/** Of base64url, six bits each: two bundles of one group with the same id are out of the question. */
export const BUNDLE_ID_LENGTH = 16;

/**
 * The id of a bundle: a digest of its ranges and of the time that they are judged by, so that whoever has put the list
 * together again from what its partitions say can tell whether it is whole.
 *
 * @param members in the order of `compareTopicPartitions`
 */
export function bundleIdOf(members: readonly BundleMember[], judgedMs: number): string {
  const hash = createHash("sha256");
  for (const { topic, partition, firstOffset, lastOffset } of members) {
    hash.update(`${topic}:${partition}:${firstOffset}-${lastOffset}\n`);
  }
  return hash.update(`@${judgedMs}`).digest("base64url").slice(0, BUNDLE_ID_LENGTH);
}
