import type { Intent } from "../../core/partition-offsets.ts";
import type { GroupPartition } from "./group-offsets.ts";

/** What a reset is to do, and what it may. */
export interface ResetChoice {
  group: string;
  topic: string;
  /** Undefined: all. */
  partitions: number[] | undefined;
  /** Forgets ranges that a stopped instance may have stored. */
  discardIntents: boolean;
  allowDuplicates: boolean;
  /** Notes what is skipped as a known gap. */
  record: boolean;
}

/** One partition's way. Counts are of offsets: the records are as many at most. */
export interface Move {
  partition: GroupPartition;
  from: number;
  to: number;
  skipped: number;
  again: number;
  /** Rows and dead letters at or beyond `to`, which reading on would double; undefined: not looked up. */
  rows: number | undefined;
}

/** Ranges that may be stored or not. Undefined: what the last commit says cannot be read. */
export function unsettledOf({ intents }: GroupPartition): Intent[] | undefined {
  return intents?.filter(({ isStored }) => isStored !== true);
}

export function listOf(moves: Move[]): string {
  return moves.map(({ partition: { topic, partition } }) => `${topic}:${partition}`).join(", ");
}
