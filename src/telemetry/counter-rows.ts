import { latenessBands } from "../core/lateness.ts";

/** What is counted, in what, and what it means: a row for each. The counters, the report and the docs are made of these. */
export interface CounterRow {
  /** The key in `Counters` and in the report. */
  name: string;
  unit:
    | "rows"
    | "records"
    | "documents"
    | "values"
    | "bytes"
    | "ranges"
    | "bundles"
    | "inserts"
    | "offsets"
    | "places"
    | "times";
  /** `now`: how many there are at present. Undefined: how many there were since the start. */
  kind?: "now";
  /** What it is divided by: it is a record of numbers then. */
  by?: string;
  /** All values of `by`, where they are known beforehand: these are there from the start, with 0. */
  keys?: readonly string[];
  /** Where the report has it: among its `counts`, beside them, or not at all because it counts the tables' rows instead. */
  report: "counts" | "beside" | "none";
  /** Its word in the status line and in the end report for people. Undefined: it is in neither. */
  label?: string;
  help: string;
}

/** In the order of the report. */
export const counterRows = [
  { name: "stored", unit: "rows", report: "none", label: "stored", help: "stored in the target tables" },
  { name: "dead", unit: "records", report: "none", label: "dead", help: "stored as dead letters" },
  {
    name: "deadByType",
    unit: "records",
    by: "error_type",
    report: "beside",
    label: "dead letters",
    help: "stored as dead letters, by their reason",
  },
  { name: "inputBytes", unit: "bytes", report: "none", help: "batches that were transcoded, as Kafka had them" },
  { name: "coercions", unit: "values", by: "column", report: "counts", help: "converted leniently" },
  { name: "unknownFields", unit: "values", report: "counts", help: "fields that no column and no rule reads" },
  { name: "unwrapped", unit: "documents", report: "counts", help: "were JSON text inside a JSON string" },
  {
    name: "eventTimeFromKafka",
    unit: "rows",
    report: "counts",
    help: "event time taken from Kafka, because the document had none",
  },
  {
    name: "lateByBand",
    unit: "rows",
    by: "how far",
    keys: latenessBands.map(({ name }) => name),
    report: "counts",
    label: "late events",
    help: "the event lies more than a minute behind its record",
  },
  { name: "declined", unit: "records", report: "counts", help: "the kernel left to the reference" },
  { name: "insertedRanges", unit: "ranges", report: "counts", help: "inserted and acknowledged" },
  {
    name: "insertedBundles",
    unit: "bundles",
    report: "counts",
    help: "inserted and acknowledged, with an insert each",
  },
  { name: "insertRetries", unit: "times", report: "counts", help: "an insert failed and was repeated" },
  { name: "slowDowns", unit: "times", report: "counts", help: "ClickHouse said that it has too much to do" },
  { name: "lateInserts", unit: "inserts", report: "counts", help: "came after their deadline and wrote nothing" },
  {
    name: "splitInserts",
    unit: "inserts",
    report: "counts",
    help: "sent in pieces, because they touch too many partitions of the table",
  },
  {
    name: "replayedRanges",
    unit: "ranges",
    report: "counts",
    help: "announced by an earlier owner of the partition, and repeated",
  },
  {
    name: "abandonedBundles",
    unit: "bundles",
    report: "counts",
    help: "given up, because the partitions are another owner's now",
  },
  {
    name: "lostOffsets",
    unit: "offsets",
    report: "counts",
    help: "retention deleted their records before they were read",
  },
  {
    name: "unread",
    unit: "places",
    kind: "now",
    report: "counts",
    label: "not read",
    help: "topics and partitions that should be read and are not: absent, without a leader, or failing",
  },
  { name: "workerRestarts", unit: "times", report: "counts", help: "a worker thread ended and was started again" },
  { name: "pauses", unit: "times", report: "counts", help: "intake paused, because the byte budget was used up" },
  { name: "sourceRestarts", unit: "times", report: "counts", help: "the consumer was started again" },
] as const satisfies readonly CounterRow[];

type Row = (typeof counterRows)[number];
type Figure<R> = R extends { keys: readonly (infer Key extends string)[] }
  ? Record<Key, number>
  : R extends { by: string }
    ? Record<string, number>
    : number;

export type CounterName = Row["name"];
/** A run's figures: a number each, or a record of numbers where the row says by what it is divided. */
export type Counts = { [R in Row as R["name"]]: Figure<R> };
/** Those of the report's `counts`. */
export type ReportedCounts = Pick<Counts, Extract<Row, { report: "counts" }>["name"]>;

/** The word for people of a counter that has one. */
export function labelOf(name: Extract<Row, { label: string }>["name"]): string {
  return (counterRows as readonly CounterRow[]).find((row) => row.name === name)!.label!;
}
