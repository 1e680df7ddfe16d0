import type { Clock } from "../../core/clock.ts";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

export interface CommitterOptions {
  clock: Clock;
  /**
   * Sends one commit, after a last call of `check`, which throws when the assignment is over. Rejects with StaleOwner when
   * this member's generation is over, or nobody knows what has become of the commit; anything else has changed nothing, and
   * is tried again. Returns the partitions that the coordinator does not know (their topic was deleted): they are in no
   * commit any more.
   */
  commit(offsets: CommitOffset[], check: () => void): Promise<readonly TopicPartition[]>;
  /** A commit has failed: it is repeated, or with a StaleOwner nothing is committed any more. */
  onError(error: unknown): void;
  /** Around each commit, for every partition in it. */
  onCommit?: ((when: "beforeCommit" | "afterCommit", offset: CommitOffset) => void) | undefined;
}
