import type { PartitionRange } from "../../core/topic-partition.ts";
import type { Coordinates } from "./coordinates.ts";
import type { ClockColumn, InsertColumn } from "./insert-column.ts";

/** A range of one partition whose rows are in a batch. */
export interface BatchMember extends PartitionRange {
  /** Rows of the batch that are of this range; 0 is possible. */
  rowCount: number;
}

/** Rows for one table, of a range of one partition, or of ranges of several that were cut together: a bundle. */
export interface SinkBatch {
  table: string;
  /** In insert order; the plan's columns as they are. */
  columns: readonly InsertColumn[];
  /** Columns of the table that the insert leaves to the server's clock. Default: none that matter. */
  clockDefaults?: readonly ClockColumn[];
  /** Names of columns of the insert that the ingester's clock filled. Default: none that matter. */
  ingesterClocks?: readonly string[];
  /** Where the rows say which records they are; undefined: they do not. */
  coordinates?: Coordinates | undefined;
  /** The table's PARTITION BY expression; "" when it has none, or names a column that the insert has not. */
  partitionKey: string;
  format: string;
  /** In the order of `compareTopicPartitions`; the rows lie in theirs. One, or a bundle's. */
  members: readonly BatchMember[];
  /**
   * The id of the bundle, by which tokens name the batch (src/ingest/commit/bundle-id.ts). Undefined: one range, which
   * was cut alone. A batch of a bundle need not have rows of all its ranges.
   */
  bundleId?: string | undefined;
  bytes: Uint8Array;
  rowCount: number;
  /** Byte offset of each row, and the total after the last; empty for a format that cannot be cut by rows. */
  rowStarts: Uint32Array;
  /** Kafka offset of each row. */
  offsets: Float64Array;
  /** Put before every token of the batch, with a colon: whose range it is (tokenScopeOf in src/core/origin.ts). */
  tokenScope?: string | undefined;
  /**
   * Put after every token of the batch. For a second batch of the same range: where both go into one table, it would
   * otherwise pass for a repeat of the first.
   */
  tokenSuffix?: string;
  /** The range may have been stored before, by an owner that did not live to say so. */
  isReplay?: boolean;
  /** Of a replay: no insert of the range was sent before this time, ms since 1970. Default: now. */
  announcedMs?: number | undefined;
  /**
   * Of a replay: records that the first attempt had are gone (`some`), or may be (`perhaps`: the log has holes, as
   * compaction leaves them). A row that was refused may be among them, so that what went in pieces then, goes whole now,
   * or in others.
   */
  lacks?: "some" | "perhaps" | undefined;
  /** Of a replay: other owners repeat it at the same time, and may have read it before records went. */
  isShared?: boolean;
  /** The table merges rows by design, so that one that is not there may have been stored all the same. */
  mergesRows?: boolean;
  /**
   * Its rows may be stored under a token that nobody can use again: every attempt, the first as well, stores only those
   * that the table does not have, by their coordinates.
   */
  absentOnly?: boolean;
}

/** A row that the server refuses, alone. */
export interface Refusal {
  /** The index of its range among the batch's members. */
  member: number;
  offset: number;
  errorType: string;
  errorMessage: string;
}

/** How a batch ended. */
export interface StoreOutcome {
  refusals: Refusal[];
  /**
   * The server refused the batch for its data and it cannot be cut by rows. The server's answer. What is stored of it is
   * stored under the tokens that its rows would have.
   */
  refusedWhole: unknown;
  /** When its first insert was sent, after the wait for a free place; ms since 1970. */
  sentMs: number;
  /**
   * Whether the batch's bytes may be overwritten: its first insert was acknowledged, so the server has read the body to
   * its end. After a repeat or a refusal a socket may still hold a part of an earlier one.
   */
  isBodyRead: boolean;
}
