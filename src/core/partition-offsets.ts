import type { TopicPartition } from "./topic-partition.ts";
/** What the stages tell each other about the offsets of a partition. */

/** An offset to commit, or a committed one: the next record to read, and text that goes with it. */
export interface CommitOffset extends TopicPartition {
  offset: number;
  /** The ranges in flight above the offset (src/ingest/commit/intents.ts); "" for none. */
  metadata: string;
}

/** A range of offsets that is about to be inserted, or may have been: whoever owns the partition next cuts it alike. */
export interface Intent {
  firstOffset: number;
  /** Itself included. */
  lastOffset: number;
  /** The time that lateness is judged by, ms since 1970. */
  judgedMs: number;
  /** Announced by a version whose tokens named neither cluster nor group: they stay so until the range is stored. */
  isBare?: true | undefined;
  /** The bundle that it is inserted with; undefined: it is inserted alone. */
  bundle?: BundleRef | undefined;
  /** It is stored, and the committed offset cannot move over it yet. */
  isStored?: true | undefined;
  /** It has left a bundle of which nobody knows whether it is stored: only what the table lacks of it may be stored. */
  isDoubtful?: true | undefined;
}

/** A bundle (src/ingest/commit/bundle-id.ts), as each of its ranges names it. */
export interface BundleRef {
  id: string;
  /** How many ranges it has. */
  count: number;
}

/** A partition as its new owner finds it. */
export interface AssignedPartition extends TopicPartition {
  /** The committed offset. */
  offset: number;
  /** Ranges that the owner before may have stored, from the committed offset on. */
  intents: readonly Intent[];
  /** Ids of bundles of which others, who still list a member, may have to learn here that they are stored. */
  marks?: readonly string[] | undefined;
  /** Its last commit has marks that are of no use any more: the next is due without anything else to say. */
  hasSpentMarks?: boolean | undefined;
}
