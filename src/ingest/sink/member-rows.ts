import { compareTopicPartitions, partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { SinkBatch } from "./batch.ts";

/** Rows of a batch, `firstRow` to `endRow` (half open), over all its members. */
export interface RowSpan {
  firstRow: number;
  endRow: number;
}

/** Rows of one member of a batch that lie in a span of them: at least one. */
export interface MemberRows extends TopicPartition {
  /** Of these rows; a batch's offsets rise, unless a batch header lies. */
  lowestOffset: number;
  highestOffset: number;
}

/** The rows of the span, member by member. */
export function memberRowsOf(
  { members, offsets }: Pick<SinkBatch, "members" | "offsets">,
  { firstRow, endRow }: RowSpan,
): MemberRows[] {
  const rows: MemberRows[] = [];
  let memberStart = 0;
  for (const { topic, partition, rowCount } of members) {
    const start = Math.max(memberStart, firstRow);
    const end = Math.min(memberStart + rowCount, endRow);
    memberStart += rowCount;
    if (start >= end) continue;
    let lowestOffset = offsets[start]!;
    let highestOffset = lowestOffset;
    for (let row = start + 1; row < end; row += 1) {
      lowestOffset = Math.min(lowestOffset, offsets[row]!);
      highestOffset = Math.max(highestOffset, offsets[row]!);
    }
    rows.push({ topic, partition, lowestOffset, highestOffset });
  }
  return rows;
}

/** The index of the member that has the row. */
export function memberIndexOf({ members }: Pick<SinkBatch, "members">, row: number): number {
  let end = 0;
  const index = members.findIndex(({ rowCount }) => {
    end += rowCount;
    return row < end;
  });
  if (index < 0) throw new Error(`row ${row} is in no member: they have ${end} rows`);
  return index;
}

/** Where rows are from, for people: the first of the ranges, and how many more there are. */
export function whereOf(rows: readonly MemberRows[]): string {
  const [first, ...others] = rows;
  if (first === undefined) return "no row";
  const range = `${partitionKey(first)}, offsets ${first.lowestOffset} to ${first.highestOffset}`;
  return others.length === 0
    ? range
    : `${range}, and ${others.length} more ${others.length === 1 ? "range" : "ranges"}`;
}

/**
 * What look-ups and tokens rely on: each row has one member, and each partition is one member.
 *
 * @throws Error for a batch that contradicts itself, which is its maker's fault.
 */
export function checkMembers({ members, bundleId, rowCount, table }: SinkBatch): void {
  const sum = members.reduce((rows, member) => rows + member.rowCount, 0);
  if (sum !== rowCount) throw new Error(`a batch for ${table} has ${rowCount} rows, its members ${sum}`);
  if (bundleId === undefined && members.length !== 1) {
    throw new Error(`a batch for ${table} of ${members.length} ranges has no bundle id`);
  }
  members.forEach((member, index) => {
    const before = members[index - 1];
    if (before === undefined || compareTopicPartitions(before, member) < 0) return;
    throw new Error(
      `a batch for ${table} has ${partitionKey(member)} after ${partitionKey(before)}: order is part of a bundle`,
    );
  });
}
