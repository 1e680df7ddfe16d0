/** What the periodic comparison of Kafka with ClickHouse has found since start; for status line, report and metrics. */
export interface ReconciliationFigures {
  /** Comparisons made, and attempts that failed (a server did not answer). */
  checks: number;
  failures: number;
  /** Offsets without a row, and rows beyond one per offset, in all that was compared since start. */
  missing: number;
  duplicate: number;
  /** Offsets compared since start, each counted once. */
  checkedOffsets: number;
  /** When the last comparison was made, ms since 1970. */
  checkedToMs: number | undefined;
  /** By `topic:partition`: below this offset everything since start was compared. */
  checkedTo: Record<string, number>;
}

export function newReconciliationFigures(): ReconciliationFigures {
  return {
    checks: 0,
    failures: 0,
    missing: 0,
    duplicate: 0,
    checkedOffsets: 0,
    checkedToMs: undefined,
    checkedTo: {},
  };
}
