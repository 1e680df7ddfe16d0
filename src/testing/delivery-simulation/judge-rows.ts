/** The part of a partition's log that the comparison needs. */
export interface JudgedLog {
  batches: readonly {
    baseOffset: number;
    lastOffset: number;
    /** Deleted before anybody had to have read it: its records may be missing, and nothing else. */
    isGone?: boolean;
  }[];
}

/**
 * Records that are not in the table, and rows beyond one per record; rows of records that no log has are of the latter.
 * `rows`: how often each record is in the table, by `partition:offset`.
 */
export function judgeRows(logs: readonly JudgedLog[], rows: ReadonlyMap<string, number>) {
  let records = 0;
  let missing = 0;
  for (const [partition, { batches }] of logs.entries()) {
    for (const { baseOffset, lastOffset, isGone = false } of batches) {
      for (let offset = baseOffset; offset <= lastOffset; offset += 1) {
        const isStored = (rows.get(`${partition}:${offset}`) ?? 0) > 0;
        if (isGone && !isStored) continue;
        records += 1;
        if (!isStored) missing += 1;
      }
    }
  }
  const stored = [...rows.values()].reduce((sum, count) => sum + count, 0);
  return { records, missing, duplicate: stored - (records - missing) };
}
