import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { OffsetRun, OffsetSection } from "../../core/offset-run.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

/** Offsets that a partition's log holds, without gaps: its producers use no transactions. */
export interface LogBounds extends OffsetSection, TopicPartition {}

/** A table that holds records of some topics, and the columns that say which. */
export interface RecordTable {
  table: string;
  topic: string;
  partition: string;
  offset: string;
}

/** Consecutive offsets with the same kind of fault. */
export interface OffsetSpan extends OffsetRun {
  kind: "missing" | "doubled" | "foreign";
  topic: string;
  partition: number;
  /** Rows of the span, by table; none when missing. */
  rows: Record<string, number>;
}

export interface DeliveryVerdict {
  /** Records in the logs. */
  expected: number;
  /** Rows by table. */
  stored: Record<string, number>;
  missing: number;
  /** Rows beyond the first of an offset. */
  duplicate: number;
  /** Rows with coordinates that no log has. */
  foreign: number;
  /** The first of each partition, at most `SPANS_MAX` in all. */
  spans: OffsetSpan[];
}

const SPANS_MAX = 40;

interface OffsetRow extends TopicPartition {
  offset: string;
  by_table: [string, string][];
}

/**
 * Compares the logs with the tables, record by record: each offset of each log must be in exactly one row of exactly one
 * of the tables, and no row may claim an offset that no log has.
 */
export async function judgeDelivery(
  client: ClickHouseClient,
  logs: LogBounds[],
  tables: RecordTable[],
): Promise<DeliveryVerdict> {
  const records = recordsOf(tables);
  const verdict: DeliveryVerdict = { expected: 0, stored: {}, missing: 0, duplicate: 0, foreign: 0, spans: [] };
  for (const { table, rows } of await queryRows<{ table: string; rows: string }>(
    client,
    `SELECT source AS table, count() AS rows FROM (${records}) GROUP BY source`,
  )) {
    verdict.stored[table] = Number(rows);
  }
  for (const log of logs) await judgePartition(client, records, log, verdict);
  await findForeign(client, records, logs, verdict);
  verdict.spans = verdict.spans.slice(0, SPANS_MAX);
  return verdict;
}

async function judgePartition(
  client: ClickHouseClient,
  records: string,
  log: LogBounds,
  verdict: DeliveryVerdict,
): Promise<void> {
  const { topic, partition, first, end } = log;
  verdict.expected += end - first;
  const within = `topic = ${quoteText(topic)} AND partition = ${partition} AND offset >= ${first} AND offset < ${end}`;
  const [counts] = await queryRows<{ rows: string; offsets: string }>(
    client,
    `SELECT count() AS rows, uniqExact(offset) AS offsets FROM (${records}) WHERE ${within}`,
  );
  const [rows, offsets] = [Number(counts!.rows), Number(counts!.offsets)];
  verdict.duplicate += rows - offsets;
  verdict.missing += end - first - offsets;
  if (rows > offsets) {
    const doubled = await offsetRows(client, records, within, "HAVING sum(rows) > 1");
    verdict.spans.push(...doubled.reduce<OffsetSpan[]>((spans, row) => addTo(spans, "doubled", row), []));
  }
  if (offsets < end - first) verdict.spans.push(...(await missingSpans(client, records, within, log)));
}

/** The gaps between the offsets that are there, with the log's bounds as neighbours of the first and the last. */
async function missingSpans(
  client: ClickHouseClient,
  records: string,
  within: string,
  { topic, partition, first, end }: LogBounds,
): Promise<OffsetSpan[]> {
  const gaps = await queryRows<{ first: string; last: string }>(
    client,
    `SELECT before + 1 AS first, offset - 1 AS last FROM (
      SELECT offset, lagInFrame(offset, 1, toInt64(${first - 1})) OVER (ORDER BY offset ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
      FROM (SELECT DISTINCT offset FROM (${records}) WHERE ${within} UNION ALL SELECT toInt64(${end})))
    WHERE offset > before + 1 ORDER BY first LIMIT ${SPANS_MAX}`,
  );
  return gaps.map(({ first, last }) => ({
    kind: "missing",
    topic,
    partition,
    first: Number(first),
    last: Number(last),
    rows: {},
  }));
}

async function findForeign(
  client: ClickHouseClient,
  records: string,
  logs: LogBounds[],
  verdict: DeliveryVerdict,
): Promise<void> {
  const known = logs.map(
    ({ topic, partition, first, end }) =>
      `(topic = ${quoteText(topic)} AND partition = ${partition} AND offset >= ${first} AND offset < ${end})`,
  );
  const outside = known.length === 0 ? "1" : `NOT (${known.join(" OR ")})`;
  const foreign = await offsetRows(client, records, outside, "");
  const [counts] = await queryRows<{ rows: string }>(
    client,
    `SELECT count() AS rows FROM (${records}) WHERE ${outside}`,
  );
  verdict.foreign = Number(counts!.rows);
  verdict.spans.push(...foreign.reduce<OffsetSpan[]>((spans, row) => addTo(spans, "foreign", row), []));
}

const OFFSETS_MAX = 100_000;

function offsetRows(client: ClickHouseClient, records: string, where: string, having: string): Promise<OffsetRow[]> {
  return queryRows<OffsetRow>(
    client,
    `SELECT topic, partition, offset, groupArray((source, rows)) AS by_table FROM (
      SELECT topic, partition, offset, source, count() AS rows FROM (${records}) WHERE ${where}
      GROUP BY topic, partition, offset, source)
    GROUP BY topic, partition, offset ${having} ORDER BY topic, partition, offset LIMIT ${OFFSETS_MAX}`,
  );
}

/** Lengthens the last span when the row continues it. */
function addTo(spans: OffsetSpan[], kind: OffsetSpan["kind"], { topic, partition, ...row }: OffsetRow): OffsetSpan[] {
  const offset = Number(row.offset);
  let span = spans.at(-1);
  if (span?.topic === topic && span.partition === partition && span.last + 1 === offset) span.last = offset;
  else {
    span = { kind, topic, partition, first: offset, last: offset, rows: {} };
    spans.push(span);
  }
  for (const [table, count] of row.by_table) span.rows[table] = (span.rows[table] ?? 0) + Number(count);
  return spans;
}

function recordsOf(tables: RecordTable[]): string {
  return tables
    .map(
      ({ table, topic, partition, offset }) =>
        `SELECT toString(${topic}) AS topic, toInt32(${partition}) AS partition, toInt64(${offset}) AS offset, ` +
        `${quoteText(table)} AS source FROM ${table}`,
    )
    .join(" UNION ALL ");
}
