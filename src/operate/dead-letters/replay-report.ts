import { type LetterKey, placeName } from "./letter.ts";
import type { Skip } from "./replay-routes.ts";

/**
 * Why a letter was left alone.
 * - `rejected_before`: as often as the loop guard allows; `--force` overrides it.
 * - `in_doubt`: another replay has announced it, and what it did about it cannot be known yet.
 * - `not_stored`: its insert was acknowledged, and the target still does not hold it.
 */
export type SkipReason = Skip["skip"] | "rejected_before" | "in_doubt" | "not_stored";

/** How many letters ended so, and one of them. */
export interface Tally {
  count: number;
  /** `topic:partition:offset` and its message. */
  example: string;
}

/** What a replay did, or would do. */
export interface ReplayReport {
  dryRun: boolean;
  /** Letters that were looked at: the sum of what follows. */
  taken: number;
  stored: number;
  alreadyThere: number;
  /** By error_type. */
  rejected: Record<string, Tally>;
  skipped: Partial<Record<SkipReason, Tally>>;
  /** Ended by a signal, with letters left. */
  stopped: boolean;
}

export function emptyReport(dryRun: boolean): ReplayReport {
  return { dryRun, taken: 0, stored: 0, alreadyThere: 0, rejected: {}, skipped: {}, stopped: false };
}

export function countStored(report: ReplayReport, letters: number): void {
  report.taken += letters;
  report.stored += letters;
}

export function countAlreadyThere(report: ReplayReport, letters: number): void {
  report.taken += letters;
  report.alreadyThere += letters;
}

export function countRejected(report: ReplayReport, key: LetterKey, errorType: string, message: string): void {
  report.taken += 1;
  report.rejected[errorType] = tallied(report.rejected[errorType], key, message);
}

export function countSkipped(report: ReplayReport, key: LetterKey, reason: SkipReason, message: string): void {
  report.taken += 1;
  report.skipped[reason] = tallied(report.skipped[reason], key, message);
}

/** The sum of the counts. */
export function sumOf(tallies: Partial<Record<string, Tally>>): number {
  return Object.values(tallies).reduce((sum, tally) => sum + (tally?.count ?? 0), 0);
}

function tallied(tally: Tally | undefined, key: LetterKey, message: string): Tally {
  return { count: (tally?.count ?? 0) + 1, example: tally?.example ?? `${placeName(key)}: ${message}` };
}
