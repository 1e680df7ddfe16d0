import type { Admin } from "kafkajs";
import type { PartitionOffsets } from "../../clients/kafka/offsets.ts";
import type { SimulatorReport } from "../../run/simulator-report.ts";
import { eventsPipeline } from "../../schema/events-pipeline.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { judgeAcknowledged } from "./acknowledged.ts";
import { type AggregateVerdict, describeDifference, judgeAggregates } from "./aggregates.ts";
import { type ContentVerdict, judgeContents } from "./contents.ts";
import { describeEntry, type InsertJournal } from "./insert-journal.ts";
import { type DeliveryVerdict, judgeDelivery, type LogBounds, type OffsetSpan, type RecordTable } from "./oracle.ts";
import { ingesters, type Rig } from "./rig.ts";

/** What the oracle says of a run that is over. */
export interface Judgement {
  delivery: DeliveryVerdict;
  /** Undefined: not compared, for want of kcat. */
  contents: ContentVerdict | undefined;
  aggregates: AggregateVerdict[];
  /** Acknowledged by the broker and not in its log. */
  brokerFindings: string[];
  /** Records of the judged topics that the broker acknowledged; the log may have more. */
  acknowledged: number;
}

/** Where the built-in pipelines put records (sql/migrations 0002, 0003). */
const recordTables: RecordTable[] = [eventsPipeline.table, deadLetterTable].map((table) => ({
  table,
  topic: "topic",
  partition: "kafka_partition",
  offset: "kafka_offset",
}));

const SPANS_SHOWN = 10;
const INSERTS_SHOWN = 8;

/**
 * Compares logs, tables and aggregates. To be called when nothing writes any more: no producer, no ingester.
 *
 * @param settled where the group stood when it had caught up; undefined when it never did.
 */
export async function judgeRecords(
  { admin, client, brokers }: Pick<Rig, "admin" | "client" | "brokers">,
  produced: SimulatorReport["partitions"],
  settled: PartitionOffsets[] | undefined,
): Promise<Judgement & { grownBehindTheEnd: boolean }> {
  const logs = await readLogs(admin);
  const isGrown = ({ topic, partition, end }: LogBounds) =>
    settled?.find((at) => at.topic === topic && at.partition === partition)?.logEnd !== end;
  return {
    grownBehindTheEnd: settled !== undefined && logs.some(isGrown),
    delivery: await judgeDelivery(client, logs, recordTables),
    contents: await judgeContents(client, brokers, eventsPipeline.table, eventsPipeline.topics),
    aggregates: await judgeAggregates(client),
    brokerFindings: judgeAcknowledged(produced, logs),
    acknowledged: produced
      .filter(({ topic }) => ingesters.topics.includes(topic))
      .reduce((sum, { count }) => sum + count, 0),
  };
}

async function readLogs(admin: Admin): Promise<LogBounds[]> {
  const logs: LogBounds[] = [];
  for (const topic of ingesters.topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      logs.push({ topic, partition, first: Number(low), end: Number(high) });
    }
  }
  return logs;
}

/** All that is wrong with the records, one line each; none: each is stored exactly once, and all aggregates agree. */
export function recordFindings({ delivery, contents, aggregates, brokerFindings }: Judgement): string[] {
  const { missing, duplicate, foreign } = delivery;
  const findings = [...brokerFindings];
  if (delivery.expected === 0) findings.push("the logs are empty: nothing was judged");
  if (contents !== undefined && contents.differing > 0) {
    findings.push(`${contents.differing} rows hold other values than their records: ${contents.examples.join("; ")}`);
  }
  if (aggregates.length === 0) findings.push("no materialized view was found: no aggregate was judged");
  if (missing > 0) findings.push(`${missing} records are in no table`);
  if (duplicate > 0) findings.push(`${duplicate} rows too many`);
  if (foreign > 0) findings.push(`${foreign} rows of records that are in no log`);
  for (const { table, view, differing } of aggregates) {
    if (differing > 0) findings.push(`${table} differs from ${view} over its base table in ${differing} keys`);
  }
  return findings;
}

/** Inserts that the fence has let through too late. */
export function fenceFindings(journal: InsertJournal): string[] {
  const { written } = journal.late;
  return written === 0 ? [] : [`${written} inserts wrote rows although they came after their deadline`];
}

/** Inserts that whoever owns their partitions next could not repeat. For runs that see the ingesters' commits. */
export function announcementFindings({ unannounced }: InsertJournal): string[] {
  if (unannounced.length === 0) return [];
  const shown = unannounced.slice(0, INSERTS_SHOWN).map(describeEntry);
  return [`${unannounced.length} inserts came of bundles that no commit had named whole: ${shown.join("; ")}`];
}

/** The lines of a summary for people. */
export function describeRecords({ delivery, contents, aggregates, acknowledged }: Judgement): string[] {
  const stored = Object.entries(delivery.stored).map(([table, rows]) => `${rows} in ${table}`);
  return [
    `records     ${delivery.expected} in the logs, ${acknowledged} of them acknowledged to the producer`,
    `rows        ${stored.join(", ")}`,
    `missing     ${delivery.missing}`,
    `duplicate   ${delivery.duplicate}`,
    `foreign     ${delivery.foreign}`,
    contents === undefined
      ? "contents    not compared: kcat is not installed"
      : `contents    ${contents.compared} rows compared with their records, ${contents.differing} differ`,
    ...aggregates.map(describeAggregate),
  ];
}

export function describeInserts(journal: InsertJournal): string[] {
  const { repeated, byAnother } = journal.repeats;
  const { arrived, written } = journal.late;
  return [
    `inserts     ${journal.entries.length}; ${repeated} ranges and bundles sent again, ${byAnother} of them by another ingester`,
    `late        ${arrived} inserts came to the server after their deadline; ${written} of them wrote rows`,
  ];
}

/** The spans and keys that are wrong, with the inserts that touched them. */
export function describeWrong({ delivery, aggregates }: Judgement, journal: InsertJournal): string[] {
  const lines = delivery.spans.slice(0, SPANS_SHOWN).flatMap((span) => describeSpan(span, journal));
  const unknown = journal.entries.filter((entry) => journal.rangesOf(entry) === undefined).length;
  if (unknown > 0) lines.push(`  and ${unknown} inserts of bundles whose ranges this run has not seen`);
  for (const { table, differences } of aggregates) {
    for (const difference of differences) lines.push(`  ${table} ${describeDifference(difference)}`);
  }
  if (aggregates.some(({ differing }) => differing > 0)) {
    const [again, shown] = [journal.repeated, journal.repeated.slice(0, INSERTS_SHOWN)];
    lines.push(`  inserts that were sent again, ${shown.length} of ${again.length}:`);
    lines.push(...shown.flat().map((entry) => `      ${describeEntry(entry)}`));
  }
  return lines;
}

function describeAggregate({ table, compared, skipped, differing }: AggregateVerdict): string {
  const verdict = differing === 0 ? `equal in ${compared.length} columns` : `${differing} keys differ`;
  const left = Object.keys(skipped);
  const names = left.length === 0 ? "" : `; not comparable: ${left.join(", ")}`;
  return `aggregate   ${table}: ${verdict}${names}`;
}

function describeSpan({ kind, topic, partition, first, last, rows }: OffsetSpan, journal: InsertJournal): string[] {
  const where = Object.entries(rows).map(([table, count]) => `${count} in ${table}`);
  const inserts = journal.touching(topic, partition, first, last);
  const shown = inserts.slice(0, INSERTS_SHOWN).map((entry) => `      ${describeEntry(entry)}`);
  const more = inserts.length > INSERTS_SHOWN ? [`      and ${inserts.length - INSERTS_SHOWN} more`] : [];
  return [
    `  ${kind} ${topic}:${partition} ${first}–${last}${where.length === 0 ? "" : ` (${where.join(", ")})`}`,
    ...shown,
    ...more,
  ];
}
