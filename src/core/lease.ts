/**
 * The right to insert a range, as the sink needs it. Whoever holds the partition gives it; the sink only asks.
 */
export interface Lease {
  /**
   * The latest time at which an insert of the range may begin: ms since 1970 by ClickHouse's clock. Asked anew before
   * every attempt.
   *
   * @throws StaleOwner when the partition is not ours any more. The sink passes it on.
   */
  deadlineMs(): Promise<number>;
}
