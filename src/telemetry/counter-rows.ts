import { latenessBands } from "../core/lateness.ts";
import type { CounterRow } from "./counter-row.ts";
import { metricCounterRows } from "./metric-counter-rows.ts";

/** In the order of the report. */
export const counterRows = [
  {
    name: "stored",
    unit: "rows",
    metric: "millrace_stored_rows_total",
    where: "sink",
    report: "none",
    label: "stored",
    help: "stored in the target tables",
  },
  { name: "dead", unit: "records", where: "sink", report: "none", label: "dead", help: "stored as dead letters" },
  {
    name: "deadByType",
    unit: "records",
    metric: "millrace_dead_letters_total",
    metricLabel: "reason",
    where: "worker",
    by: "error_type",
    report: "beside",
    label: "dead letters",
    help: "stored as dead letters, by their reason",
  },
  {
    name: "inputBytes",
    unit: "bytes",
    metric: "millrace_input_bytes_total",
    where: "worker",
    report: "none",
    help: "batches that were transcoded, as Kafka had them",
  },
  {
    name: "coercions",
    unit: "values",
    metric: "millrace_coercions_total",
    metricLabel: "column",
    where: "worker",
    by: "column",
    report: "counts",
    help: "converted leniently",
  },
  {
    name: "unknownFields",
    unit: "values",
    metric: "millrace_unknown_fields_total",
    where: "worker",
    report: "counts",
    help: "fields that no column and no rule reads",
  },
  {
    name: "unwrapped",
    unit: "documents",
    metric: "millrace_unwrapped_documents_total",
    where: "worker",
    report: "counts",
    help: "were JSON text inside a JSON string",
  },
  {
    name: "eventTimeFromKafka",
    unit: "rows",
    metric: "millrace_event_times_from_kafka_total",
    where: "worker",
    report: "counts",
    help: "event time taken from Kafka, because the document had none",
  },
  {
    name: "lateByBand",
    unit: "rows",
    metric: "millrace_late_rows_total",
    metricLabel: "band",
    where: "worker",
    by: "how far",
    keys: latenessBands.map(({ name }) => name),
    report: "counts",
    label: "late events",
    help: "the event lies more than a minute behind its record",
  },
  {
    name: "declined",
    unit: "records",
    metric: "millrace_declined_records_total",
    where: "worker",
    report: "counts",
    help: "the kernel left to the reference",
  },
  {
    name: "insertedRanges",
    unit: "ranges",
    metric: "millrace_inserted_ranges_total",
    where: "sink",
    report: "counts",
    help: "inserted and acknowledged",
  },
  {
    name: "insertedBundles",
    unit: "bundles",
    metric: "millrace_inserted_bundles_total",
    where: "sink",
    report: "counts",
    help: "inserted and acknowledged, with an insert each",
  },
  {
    name: "insertRetries",
    unit: "times",
    metric: "millrace_insert_repeats_total",
    where: "sink",
    report: "counts",
    help: "an insert failed and was repeated",
  },
  {
    name: "slowDowns",
    unit: "times",
    metric: "millrace_insert_slow_downs_total",
    where: "sink",
    report: "counts",
    help: "ClickHouse said that it has too much to do",
  },
  {
    name: "lateInserts",
    unit: "inserts",
    metric: "millrace_late_inserts_total",
    where: "sink",
    report: "counts",
    help: "came after their deadline and wrote nothing",
  },
  {
    name: "splitInserts",
    unit: "inserts",
    metric: "millrace_split_inserts_total",
    where: "sink",
    report: "counts",
    help: "sent in pieces, because they touch too many partitions of the table",
  },
  {
    name: "replayedRanges",
    unit: "ranges",
    metric: "millrace_replayed_ranges_total",
    where: "pipeline",
    report: "counts",
    help: "announced by an earlier owner of the partition, and repeated",
  },
  {
    name: "abandonedBundles",
    unit: "bundles",
    metric: "millrace_abandoned_bundles_total",
    where: "pipeline",
    report: "counts",
    help: "given up, because the partitions are another owner's now",
  },
  {
    name: "lostOffsets",
    unit: "offsets",
    metric: "millrace_lost_offsets_total",
    where: "source",
    report: "counts",
    help: "retention deleted their records before they were read",
  },
  {
    name: "unread",
    unit: "places",
    metric: "millrace_unread_places",
    where: "source",
    kind: "now",
    report: "counts",
    label: "not read",
    help: "topics and partitions that should be read and are not: absent, without a leader, or failing",
  },
  {
    name: "workerRestarts",
    unit: "times",
    metric: "millrace_worker_restarts_total",
    where: "worker",
    report: "counts",
    help: "a worker thread ended and was started again",
  },
  {
    name: "pauses",
    unit: "times",
    metric: "millrace_intake_pauses_total",
    where: "dispatch",
    report: "counts",
    help: "intake paused, because the byte budget was used up",
  },
  {
    name: "sourceRestarts",
    unit: "times",
    metric: "millrace_consumer_restarts_total",
    where: "source",
    report: "counts",
    help: "the consumer was started again",
  },
  ...metricCounterRows,
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
