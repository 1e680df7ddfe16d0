/**
 * SQL of a checksum over whole rows, in any order, NULLs included; equal for equal tables with the same columns.
 * `columns`: names, or `*`.
 *
 * Rows are hashed as bytes, because a hash function of several values is NULL as soon as one of them is, and `sum` leaves
 * NULLs out: rows with a NULL would be compared with nothing.
 */
export function rowHashSql(columns: string): string {
  return `toString(sum(cityHash64(formatRow('RowBinary', ${columns}))))`;
}
