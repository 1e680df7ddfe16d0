import type { Limit } from "../../clients/clickhouse/sql-text.ts";

/** Names of the columns that hold a row's place in Kafka; the plan has them. */
export interface Coordinates {
  topic: string;
  partition: string;
  offset: string;
  /** What else a row must say to be one of the same cluster, and, for a dead letter, of the same group and pipeline. */
  limits?: readonly Limit[];
}
