import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { Coordinates } from "./coordinates.ts";
import type { MemberRows } from "./member-rows.ts";

/** Words for what tells rows of a piece apart, in the body and in the table alike. */
export interface RowKey {
  /** An Int64. */
  expression: string;
  /** What rows are grouped by: the offset's column as it is, or the expression. */
  group: string;
  /** It names each member, and is better written once in a statement. */
  isLong: boolean;
}

/**
 * Of rows of one partition the key is the offset. Of several, whose offsets are alike, it is the offset moved by so much
 * for each partition that the ranges lie one behind the other: a number, which ClickHouse compares as it is where it
 * would take a hash of a tuple with a text (IN, transform, uniqExact). It is unique among rows that `rowsCondition` holds
 * for.
 */
export function keyOfRows(coordinates: Coordinates, rows: readonly MemberRows[]): RowKey {
  const offset = asInt64(coordinates.offset);
  if (rows.length === 1) return { expression: offset, group: quoteName(coordinates.offset), isLong: false };
  let end = 0;
  const moved = rows.map((each) => {
    const shift = end - each.lowestOffset;
    end += each.highestOffset - each.lowestOffset + 1;
    return { ...each, shift };
  });
  const topics = [...Map.groupBy(moved, ({ topic }) => topic)].map(([topic, ofTopic]) => {
    const partitions = ofTopic.map(({ partition }) => partition);
    const shifts = ofTopic.map(({ shift }) => shift);
    return { topic, shift: byPartition(quoteName(coordinates.partition), partitions, shifts, 0) };
  });
  const topicColumn = `assumeNotNull(${quoteName(coordinates.topic)})`;
  const cases = topics.map(({ topic, shift }) => `${topicColumn} = ${quoteText(topic)}, ${shift}`);
  const shift = topics.length === 1 ? topics[0]!.shift : `multiIf(${cases.join(", ")}, toInt64(0))`;
  const expression = `(${offset} + ${shift})`;
  return { expression, group: expression, isLong: true };
}

/**
 * The number that belongs to a row's partition. Arrays of numbers are one constant each, however long.
 *
 * `partition`: the column's name, quoted.
 */
export function byPartition(
  partition: string,
  partitions: readonly number[],
  numbers: readonly number[],
  otherwise: number,
): string {
  const [from, to] = [partitions, numbers].map((list) => `CAST([${list.join(",")}], 'Array(Int64)')`);
  return `transform(toInt64(assumeNotNull(${partition})), ${from}, ${to}, toInt64(${otherwise}))`;
}

/** Of one type whatever the column's. */
function asInt64(column: string): string {
  return `toInt64(assumeNotNull(${quoteName(column)}))`;
}
