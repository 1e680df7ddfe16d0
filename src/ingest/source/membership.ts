import type { CommitOffset } from "../../core/partition-offsets.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import type { Unread } from "./topic-watch.ts";

/** One generation of this member, from the answer to its join request to the next join. No two of a member have one number. */
export interface Membership {
  generation: number;
  partitions: CommitOffset[];
  /**
   * What the group had committed when this member had joined, of all partitions that it has ever committed, also of
   * those that others own or nobody, and for a moment of a topic that was deleted. Offsets that this join has begun are not
   * among them. Those of others may have changed since. Empty for a member that was given no partition.
   */
  groupCommits: readonly CommitOffset[];
  /**
   * The same as it is now: everything that was committed before the last commit of this membership was sent is in it, whoever
   * committed it.
   *
   * @throws when nothing was committed yet, when the last commit has failed, and when the broker does not answer.
   */
  readGroupCommits(): Promise<readonly CommitOffset[]>;
  /**
   * Commits under this generation, whatever the member's present one is. `check` throws when the owner's epoch is over: it
   * is called in the last moment before the request leaves, after all that the client waits for. Returns the partitions
   * that the coordinator does not know: their topic was deleted, and nothing can be committed for them. All others are.
   *
   * @throws StaleOwner when the coordinator says that it is over, or does not answer: the request may still come to it, and
   * would undo a later commit. What `check` throws. Anything else says that nothing was changed.
   */
  commit(offsets: CommitOffset[], check: () => void): Promise<readonly TopicPartition[]>;
}

/** Where fetching begins, by `partitionKey`; a partition that is not named begins at its committed offset. */
export type FetchStarts = ReadonlyMap<string, number>;

export interface MembershipHooks {
  /** Where a partition begins that has no committed offset. */
  from: "earliest" | "latest";
  /** A light load is fetched once in each, from all brokers at the same moment (fetch-pace.ts). */
  flushIntervalMs: number;
  /**
   * A batch has come, of an answer that arrived at `receivedMs` (ms since 1970). It is the next one from `fetchOffset` on: what
   * lies between does not exist. To be copied before this returns.
   */
  onFetchedBatch(at: TopicPartition, batch: FetchedBatch, receivedMs: number, fetchOffset: number): void;
  /**
   * All that the brokers had was handed over: the moment to insert it. In later ticks of the flush interval it is told within
   * `answersWithinMs` of their beginning, if there is something.
   */
  onCaughtUp(answersWithinMs: number): void;
  /** Before each join. The group waits for this member: to be done well within the session timeout. */
  beforeJoin(): Promise<void>;
  /**
   * The group begins this partition at `offset`, which is committed when this returns. Without that, what is read before
   * the first commit would be skipped by whoever begins at the end of the log next.
   */
  onBegin(at: TopicPartition, offset: number): Promise<void>;
  /** Whether the topic was seen to be absent since this process began: all that is in it now came meanwhile. */
  isNewTopic(topic: string): boolean;
  /** The list of what should be read, and is not, has changed. Called before the join in which it comes back. */
  onUnread(unread: readonly Unread[]): void;
  /**
   * The member has joined; nothing is fetched before this returns. Returns where fetching begins, at or behind the
   * committed offsets; undefined: at these. What lies between is not fetched, and `onOutOfRange` does not tell when it is
   * gone.
   */
  onJoined(membership: Membership): FetchStarts | undefined;
  /**
   * The log does not have `offset` any more, or not yet. Returns the offset to go on at.
   *
   * @throws to stop the consumer.
   */
  onOutOfRange(at: TopicPartition, offset: number, logStart: number, logEnd: number): number;
}
