import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { ownDatabase } from "../../config/own-database.ts";
import type { Origin } from "../../core/origin.ts";
import { gapTable } from "../../ingest/pipeline/gap-store.ts";
import { byPartition } from "../../ingest/sink/row-key.ts";
import type { CountedTable, ReconcileTarget } from "./reconcile-target.ts";
import type { PartitionSection } from "./reconcile-windows.ts";

/** Outcomes of replayed dead letters (sql/migrations/0009). */
export const replayTable = `${ownDatabase}.millrace_replays`;

/** Gaps of at least so many offsets are cut out of the windows; shorter ones are unfolded, offset by offset. */
export const LONG_GAP_OFFSETS = 65_536;

/** What one query over the windows needs to know besides them. */
export interface QuerySubject {
  target: ReconcileTarget;
  /** Whose gaps count; an empty group or cluster: everybody's. */
  origin: Origin;
  /** Whether gaps and replays say which cluster they are about (sql/migrations/0011). */
  hasOrigins: boolean;
  hasGaps: boolean;
  hasReplays: boolean;
}

/** Kinds of offset in `offsetsSql`. */
const FACT = 0;
const DEAD_LETTER = 1;
const GAP = 2;
const REPLAY = 3;

/**
 * One row per partition of the windows: rows and distinct offsets. Each partition may stand in one window only.
 *
 * Offsets are counted in bitmaps: half the time of uniqExact and, offsets being dense, a bit each instead of some 16
 * bytes (16 million rows: 0.3 s against 0.7 s on two cores). A dead letter whose replay is in the facts is no dead
 * letter any more; a second copy of it is.
 */
export function countSql(subject: QuerySubject, windows: readonly PartitionSection[]): string {
  const bitmap = (kind: number) => `groupBitmapStateIf(low, kind = ${kind})`;
  return `SELECT topic, partition, stored, dead - replayed AS dead, replayed,
      bitmapCardinality(rows) AS distinct, bitmapOrCardinality(rows, gap) AS covered
    FROM (
      SELECT topic, partition, stored, dead, bitmapAndCardinality(dead_letter, replay) AS replayed,
        bitmapOr(fact, bitmapAndnot(dead_letter, replay)) AS rows, gap
      FROM (
        SELECT topic, partition, countIf(kind = ${FACT}) AS stored, countIf(kind = ${DEAD_LETTER}) AS dead,
          ${bitmap(FACT)} AS fact, ${bitmap(DEAD_LETTER)} AS dead_letter, ${bitmap(GAP)} AS gap, ${bitmap(REPLAY)} AS replay
        FROM (SELECT topic, partition, toUInt32(bitAnd(offset, 4294967295)) AS low, kind FROM (${offsetsSql(subject, windows)}))
        GROUP BY topic, partition))`;
}

/** Like `countSql` for one window, by buckets of offsets: rows, and offsets that are covered by a row or a gap. */
export function bucketSql(subject: QuerySubject, window: PartitionSection, bucketOffsets: number): string {
  return `SELECT intDiv(offset - ${window.first}, ${bucketOffsets}) AS bucket, sum(rows) AS total, countIf(rows > 0) AS distinct,
      count() AS covered
    FROM (${rowsByOffset(subject, window)}) GROUP BY bucket ORDER BY bucket`;
}

/** Every offset of the window that has a row or a gap, and its number of rows. At most one result row per offset. */
export function offsetSql(subject: QuerySubject, window: PartitionSection): string {
  return `SELECT offset, rows FROM (${rowsByOffset(subject, window)}) ORDER BY offset`;
}

/** Gaps that are too long to be unfolded, clipped to no window. */
export function longGapSql(subject: QuerySubject, ranges: readonly PartitionSection[]): string {
  return `SELECT DISTINCT topic, partition, run.1 AS first, run.2 AS last FROM (
      SELECT topic, partition,
        arrayJoin(arrayFilter(run -> run.2 - run.1 >= ${LONG_GAP_OFFSETS - 1}, arrayZip(run_first, run_last))) AS run
      FROM ${gapTable} WHERE topic IN (${subject.target.topics.map(quoteText).join(", ")}) AND ${gapsOf(subject)}
        AND (${within(ranges, gapNames)}))`;
}

/** The facts' part of the comparison alone, for EXPLAIN ESTIMATE. */
export function factsSql({ target }: QuerySubject, windows: readonly PartitionSection[]): string {
  return tableSql(target.facts, windows, FACT);
}

function rowsByOffset(subject: QuerySubject, window: PartitionSection): string {
  return `SELECT offset, facts + toUInt64(if(replays > 0 AND dead_letters > 0, dead_letters - 1, dead_letters)) AS rows FROM (
      SELECT offset, countIf(kind = ${FACT}) AS facts, countIf(kind = ${DEAD_LETTER}) AS dead_letters,
        countIf(kind = ${GAP}) AS gaps, countIf(kind = ${REPLAY}) AS replays
      FROM (${offsetsSql(subject, [window])}) GROUP BY offset)
    WHERE rows > 0 OR gaps > 0`;
}

/** Columns topic, partition, offset and kind: of the windows, every row, gap and replay. */
function offsetsSql(subject: QuerySubject, windows: readonly PartitionSection[]): string {
  const { target, hasGaps, hasReplays } = subject;
  const parts = [tableSql(target.facts, windows, FACT)];
  if (target.deadLetters !== undefined) parts.push(tableSql(target.deadLetters, windows, DEAD_LETTER));
  if (hasGaps) parts.push(gapsSql(subject, windows));
  if (hasReplays && target.deadLetters !== undefined) {
    parts.push(tableSql({ ...replays, filter: replaysOf(subject) }, windows, REPLAY));
  }
  return parts.join(" UNION ALL ");
}

const replays = { table: replayTable, topic: "topic", partition: "kafka_partition", offset: "kafka_offset" };

function tableSql(
  { table, filter, ...names }: CountedTable,
  windows: readonly PartitionSection[],
  kind: number,
): string {
  const { topic, partition, offset } = names;
  return `SELECT toString(${topic}) AS topic, toInt32(${partition}) AS partition, toInt64(${offset}) AS offset, ${kind} AS kind
    FROM ${table} WHERE ${filter === "" ? "" : `${filter} AND `}(${within(windows, { topic, partition, first: offset, last: offset })})`;
}

/** Short gaps, one row per offset. The windows are asked twice: for the gaps to read, then for their offsets. */
function gapsSql(subject: QuerySubject, windows: readonly PartitionSection[]): string {
  return `SELECT topic, partition, offset, ${GAP} AS kind FROM (
      SELECT toString(topic) AS topic, partition, arrayJoin(range(run.1, run.2 + 1)) AS offset FROM (
        SELECT topic, partition,
          arrayJoin(arrayFilter(run -> run.2 - run.1 < ${LONG_GAP_OFFSETS - 1}, arrayZip(run_first, run_last))) AS run
        FROM ${gapTable} WHERE ${gapsOf(subject)} AND (${within(windows, gapNames)})))
    WHERE ${within(windows, { topic: "topic", partition: "partition", first: "offset", last: "offset" })}`;
}

/** That the log has no record there is true for every group of the cluster. */
function gapsOf({ origin, hasOrigins }: QuerySubject): string {
  const cluster = hasOrigins && origin.cluster !== "" ? [ofCluster(origin)] : [];
  const group = origin.group === "" ? [] : [`(reason = 'absent' OR \`group\` = ${quoteText(origin.group)})`];
  return [...cluster, ...group].join(" AND ") || "true";
}

/** Replays of this target's own dead letters. */
function replaysOf({ target, origin, hasOrigins }: QuerySubject): string {
  const own = ["outcome = 'stored'", `target_table = ${quoteText(target.facts.table)}`];
  if (hasOrigins && origin.cluster !== "") own.push(ofCluster(origin));
  if (hasOrigins && origin.group !== "") own.push(`kafka_group IN ('', ${quoteText(origin.group)})`);
  return own.join(" AND ");
}

/** Rows without a cluster are older than the column. */
function ofCluster({ cluster }: Origin): string {
  return `kafka_cluster IN ('', ${quoteText(cluster)})`;
}

/** Columns of what may lie in a window: its place, and its first and last offset. */
interface PlaceNames {
  topic: string;
  partition: string;
  first: string;
  last: string;
}

const gapNames: PlaceNames = { topic: "topic", partition: "partition", first: "first_offset", last: "last_offset" };

/**
 * What meets a window. By topic: what an index may know first, then the bounds of each partition, looked up by its number.
 * Windows joined by OR would each be compared with every row that is read.
 */
function within(windows: readonly PartitionSection[], names: PlaceNames): string {
  const topics = [...Map.groupBy(windows, ({ topic }) => topic)];
  return topics
    .map(([topic, ofTopic]) => `(${names.topic} = ${quoteText(topic)} AND ${bounds(ofTopic, names)})`)
    .join(" OR ");
}

function bounds(windows: readonly PartitionSection[], { partition, first, last }: PlaceNames): string {
  const partitions = windows.map((window) => window.partition);
  const firsts = windows.map((window) => window.first);
  const ends = windows.map((window) => window.end);
  const isNear = `${last} >= ${Math.min(...firsts)} AND ${first} < ${Math.max(...ends)}`;
  if (windows.length === 1) return `${partition} = ${partitions[0]} AND ${isNear}`;
  const own = (numbers: readonly number[]) => byPartition(partition, partitions, numbers, -1);
  return (
    `${partition} BETWEEN ${Math.min(...partitions)} AND ${Math.max(...partitions)} AND ${isNear} ` +
    `AND ${last} >= ${own(firsts)} AND ${first} < ${own(ends)}`
  );
}
