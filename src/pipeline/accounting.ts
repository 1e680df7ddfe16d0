import type { ClickHouseClient } from "@clickhouse/client";
import { partitionKey } from "../core/raw-batch.ts";
import type { PlanColumn, TablePlan } from "../schema/plan.ts";

/** Offsets `first … end` (exclusive) of one partition, each of which must be exactly one row. */
export interface OffsetRange {
  topic: string;
  partition: number;
  first: number;
  end: number;
}

/** What the tables hold of the given ranges. */
export interface Accounting {
  expected: number;
  stored: number;
  dead: number;
  missing: number;
  duplicate: number;
}

interface CountRow {
  topic: string;
  partition: number;
  stored: string;
  dead: string;
  distinct: string;
}

/**
 * Compares offsets in Kafka with rows in ClickHouse, partition by partition: facts and dead letters together must hold
 * each offset of the range once.
 *
 * Undefined when a table does not store the record's coordinates: then nothing can be proven.
 */
export async function account(
  client: ClickHouseClient,
  plans: TablePlan[],
  ranges: OffsetRange[],
): Promise<Accounting | undefined> {
  const total: Accounting = { expected: 0, stored: 0, dead: 0, missing: 0, duplicate: 0 };
  for (const plan of plans) {
    const planRanges = ranges.filter(({ topic, first, end }) => plan.topics.includes(topic) && end > first);
    if (planRanges.length === 0) continue;
    const query = countQuery(plan, planRanges);
    if (query === undefined) return undefined;
    const answer = await client.query({ query, format: "JSONEachRow" });
    const counts = new Map((await answer.json<CountRow>()).map((row) => [partitionKey(row.topic, row.partition), row]));
    for (const range of planRanges) {
      const row = counts.get(partitionKey(range.topic, range.partition));
      const [stored, dead, distinct] = [Number(row?.stored ?? 0), Number(row?.dead ?? 0), Number(row?.distinct ?? 0)];
      total.expected += range.end - range.first;
      total.stored += stored;
      total.dead += dead;
      total.missing += range.end - range.first - distinct;
      total.duplicate += stored + dead - distinct;
    }
  }
  return total;
}

function countQuery(plan: TablePlan, ranges: OffsetRange[]): string | undefined {
  const parts: string[] = [];
  for (const [index, target] of [plan, plan.deadLetters].entries()) {
    const names = index === 1 ? deadLetterCoordinates : coordinatesOf(plan.columns);
    if (names === undefined) return undefined;
    const { topic, partition, offset } = names;
    // A dead-letter table can be the target itself (producers' own dead letters): count it once.
    if (index === 1 && target.table === plan.table) continue;
    const where = ranges
      .map((range) => {
        const bounds = `${offset} >= ${range.first} AND ${offset} < ${range.end}`;
        return `(${topic} = ${sqlString(range.topic)} AND ${partition} = ${range.partition} AND ${bounds})`;
      })
      .join(" OR ");
    parts.push(
      `SELECT toString(${topic}) AS topic, toInt32(${partition}) AS partition, toInt64(${offset}) AS offset, ` +
        `${index} AS is_dead FROM ${target.table} WHERE ${where}`,
    );
  }
  return `SELECT topic, partition, countIf(is_dead = 0) AS stored, countIf(is_dead = 1) AS dead, uniqExact(offset) AS distinct
    FROM (${parts.join(" UNION ALL ")}) GROUP BY topic, partition`;
}

interface Coordinates {
  topic: string;
  partition: string;
  offset: string;
}

/** Fixed columns of the dead-letter table (S0-42, sql/migrations): the coordinates of the record that was read. */
const deadLetterCoordinates: Coordinates = { topic: "topic", partition: "kafka_partition", offset: "kafka_offset" };

/** The columns that a plan fills with the record's coordinates; undefined when one of them is not stored. */
function coordinatesOf(columns: PlanColumn[]): Coordinates | undefined {
  const find = (field: string) =>
    columns.find(({ source }) => source.kind === "record" && source.field === field)?.name;
  const [topic, partition, offset] = [find("topic"), find("partition"), find("offset")];
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  return { topic: `\`${topic}\``, partition: `\`${partition}\``, offset: `\`${offset}\`` };
}

function sqlString(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
