import type { Limit } from "../clients/clickhouse/sql-text.ts";
import type { Origin } from "../core/origin.ts";
import type { RowLoss } from "./row-loss.ts";
import type { TimeFormat } from "./time-formats.ts";

export type { TimeFormat };

/**
 * The table plan: plain data that says how a document becomes a row. It is built once at start from the target table's
 * columns and the pipeline (src/schema/build-plan.ts), handed to each worker by structured clone, and compiled there
 * into a transcoder (src/codec). Nothing else in the program knows a column by name.
 */

/** A ClickHouse column type, parsed. `text` is the name as ClickHouse prints it. */
export type ColumnType = { text: string } & (
  | { kind: "int"; bits: 8 | 16 | 32 | 64; signed: boolean }
  | { kind: "float"; bits: 32 | 64 }
  | { kind: "decimal"; precision: number; scale: number; bits: 32 | 64 }
  | { kind: "bool" }
  | { kind: "string" }
  | { kind: "fixedString"; length: number }
  | { kind: "uuid" }
  | { kind: "date" }
  | { kind: "date32" }
  | { kind: "dateTime"; timeZone: string | undefined }
  | { kind: "dateTime64"; scale: number; timeZone: string | undefined }
  | { kind: "enum"; bits: 8 | 16; values: { name: string; value: number }[] }
  | { kind: "ipv4" }
  | { kind: "ipv6" }
  | { kind: "nullable"; inner: ColumnType }
  | { kind: "lowCardinality"; inner: ColumnType }
  | { kind: "array"; inner: ColumnType }
  | { kind: "map"; inner: ColumnType }
);

/** Facts about the record itself, available to every column and rule. */
export type RecordField =
  | "topic"
  | "partition"
  | "offset"
  | "timestamp" // Kafka record time, ms
  | "key" // bytes or null
  | "received" // when the main thread got the batch, ms
  | "processed" // when the worker started the batch, ms
  | "raw"; // the record's value as it came, bytes

export type ColumnSource =
  /** `names` are tried in order; each as the key that it is (dots included), then split at its dots (reference/path.ts). */
  { kind: "document"; names: string[] } | { kind: "record"; field: RecordField };

export interface PlanColumn {
  name: string;
  type: ColumnType;
  source: ColumnSource;
  /** How times are read; only for Date*, DateTime* columns. `auto` reads what JSONEachRow reads. */
  timeFormat: TimeFormat;
  /** True: Go's zero time (the year 1) and the year 9999, which stand for "none", are nulls. Else they are out of range. */
  placeholderIsNull?: true;
  /**
   * What a missing field, or a null for a column that is not Nullable, becomes: the type's own default, a given JSON
   * value, the record field, the table's DEFAULT expression (only when `plan.format` is RowBinaryOptional), or a
   * rejection `field_missing`.
   */
  missing:
    | { kind: "typeDefault" }
    | { kind: "value"; value: unknown }
    | { kind: "record"; field: RecordField }
    | { kind: "tableDefault" }
    | { kind: "reject" };
  /**
   * `strict` takes what JSONEachRow takes; `lenient` (the replaced system's events, S0-39) also turns number ↔ text and
   * cuts the fraction off a number for an integer column, each counted as a coercion of that column.
   */
  coercion: "strict" | "lenient";
}

/**
 * Document rules, applied in order to the decoded document before the columns are written (S0-40, S0-41). A closed list
 * as data, so that every transcoder can implement them. Names are document fields.
 */
export type Rule =
  /** Reject with `errorType` when the field is absent, null or an empty string. */
  | { rule: "require"; field: string; errorType: string }
  /** When `field` is absent, null or "": take the first of `from` that is not, else `value` if given. */
  | { rule: "default"; field: string; from?: string[]; value?: string | number; whenAnyOf?: string[] }
  /** When `field` is absent: "fail" if `status` is a number ≥ 400, or text of one, "success" if it is a smaller one. */
  | { rule: "resultFromStatus"; field: string; status: string }
  /** When `field` is absent: 500 for "fail", 200 for "success", else 0; sets `flag` to whether it did so. */
  | { rule: "statusFromResult"; field: string; result: string; flag: string }
  /** When `field` is absent: `topic-partition-offset`. */
  | { rule: "recordId"; field: string };

/**
 * Which event times are taken, judged against the time that the range was cut at (`judgedMs` in src/codec/task.ts), not
 * against the clock of whoever happens to work on it: a replay has to give the same rows.
 */
export interface LatenessHorizon {
  /** The DateTime/DateTime64 column that holds the event time. */
  column: string;
  backMs: number;
  aheadMs: number;
}

/** A column that the insert leaves out, and whose DEFAULT is the server's clock. */
export interface ClockDefault {
  name: string;
  /** `text` is the type as ClickHouse prints it. */
  type: { text: string };
  /** The DEFAULT expression as ClickHouse prints it, for example `now64(3)`. */
  expression: string;
}

/** Names of the columns that hold a row's place in Kafka. */
export interface Coordinates {
  topic: string;
  partition: string;
  offset: string;
  /** What else a row must say to be one of this cluster, and, for a dead letter, of this group and pipeline. */
  limits: readonly Limit[];
}

export interface TablePlan {
  /** Names the plan across threads and in caches: pipeline name @ hash of the plan. */
  key: string;
  pipeline: string;
  /** Whose records it is about. */
  origin: Origin;
  topics: string[];
  codec: "auto" | "json" | "msgpack";
  /** Database-qualified, each part an unquoted identifier. */
  table: string;
  /**
   * The table's PARTITION BY expression, as far as the columns below can compute it: by it an insert is cut that touches
   * too many partitions. "" without one, or when it reads a column that is not in the plan.
   */
  partitionKey: string;
  /**
   * RowBinaryOptional is RowBinary in which a column with the table's DEFAULT (`missing`) is an array: of its value, or
   * empty where the DEFAULT is to be taken. ClickHouse's own RowBinaryWithDefaults is read by no SELECT, so an insert of it
   * could carry neither the fence nor what its bytes mean (src/ingest/sink/insert-statement.ts).
   */
  /** Set when the table keeps fewer rows than it is given, by design (src/schema/row-loss.ts). */
  rowLoss?: RowLoss | undefined;
  /** A row may be seen some time after its insert was acknowledged: on another replica, or behind a Distributed table. */
  readsMayLag?: boolean;
  format: "RowBinary" | "RowBinaryOptional";
  /** In insert order. */
  columns: PlanColumn[];
  /** A repeat of an insert sends their first readings again: by a new one, rows and views would tell different times. */
  clockDefaults: ClockDefault[];
  /**
   * Columns of the insert that the ingester's own clock can fill (`received`, `processed`), by name. A repeat has other
   * times in them than the first attempt, and sends those that the table holds.
   */
  ingesterClocks: string[];
  /** Undefined when the table does not store them: then nobody can know which rows it holds. */
  coordinates: Coordinates | undefined;
  rules: Rule[];
  /** Event times outside of it go to the dead letters; undefined = no limit. */
  horizon: LatenessHorizon | undefined;
  /** The column that holds the event time for the latency stages; undefined: `produce` and `e2e` are not recorded. */
  eventTimeColumn: string | undefined;
  /** The column that groups the latency tables (`millrace latency --by`), for example service. */
  latencyGroupColumn: string | undefined;
  /** How the dead-letter envelope (S0-42) is written; its documents are made by src/codec/reference/dead-letter.ts. */
  deadLetters: {
    table: string;
    partitionKey: string;
    format: "RowBinary";
    columns: PlanColumn[];
    clockDefaults: ClockDefault[];
    ingesterClocks: string[];
    coordinates: Coordinates | undefined;
  };
}
