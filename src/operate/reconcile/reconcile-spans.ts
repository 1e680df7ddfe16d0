import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { bucketSql, offsetSql, type QuerySubject } from "./reconcile-query.ts";
import type { OffsetWindow } from "./reconcile-windows.ts";

/** Consecutive offsets, both ends inclusive, that have no row, or more than one each. */
export interface OffsetSpan {
  kind: "missing" | "duplicate";
  first: number;
  last: number;
}

/** Offsets that are looked at one by one, in the buckets where something is wrong. */
const BUCKET_OFFSETS = 65_536;

/** Rows, offsets with a row, and offsets with a row or a gap. */
interface Bucket {
  total: number;
  distinct: number;
  covered: number;
}

/**
 * The first spans of a window that are missing or doubled, by offset; at most `spansMax`. Looks at single offsets only
 * in the first buckets that do not add up: a window of millions costs one pass and some thousand rows.
 */
export async function findSpans(
  client: ClickHouseClient,
  subject: QuerySubject,
  window: OffsetWindow,
  spansMax: number,
): Promise<OffsetSpan[]> {
  const buckets = await readBuckets(client, subject, window);
  const spans: OffsetSpan[] = [];
  for (let first = window.first, index = 0; first < window.end; first += BUCKET_OFFSETS, index += 1) {
    const part = { ...window, first, end: Math.min(window.end, first + BUCKET_OFFSETS) };
    const bucket = buckets.get(index);
    if (bucket === undefined) {
      if (!window.inGap) addSpan(spans, { kind: "missing", first, last: part.end - 1 });
    } else if (isWrong(bucket, part)) {
      for (const span of await spansOf(client, subject, part)) addSpan(spans, span);
    }
    // One more than asked for: the last of them may go on in the next bucket.
    if (spans.length > spansMax) break;
  }
  return spans.slice(0, spansMax);
}

async function readBuckets(
  client: ClickHouseClient,
  subject: QuerySubject,
  window: OffsetWindow,
): Promise<Map<number, Bucket>> {
  const rows = await queryRows<Record<keyof Bucket | "bucket", string | number>>(
    client,
    bucketSql(subject, window, BUCKET_OFFSETS),
  );
  return new Map(
    rows.map(({ bucket, total, distinct, covered }) => [
      Number(bucket),
      { total: Number(total), distinct: Number(distinct), covered: Number(covered) },
    ]),
  );
}

function isWrong({ total, distinct, covered }: Bucket, part: OffsetWindow): boolean {
  return total > distinct || (!part.inGap && covered < part.end - part.first);
}

async function spansOf(client: ClickHouseClient, subject: QuerySubject, part: OffsetWindow): Promise<OffsetSpan[]> {
  const offsets = await queryRows<{ offset: string | number; rows: string | number }>(client, offsetSql(subject, part));
  const spans: OffsetSpan[] = [];
  let next = part.first;
  for (const { offset: text, rows } of offsets) {
    const offset = Number(text);
    if (offset > next && !part.inGap) addSpan(spans, { kind: "missing", first: next, last: offset - 1 });
    if (Number(rows) > 1) addSpan(spans, { kind: "duplicate", first: offset, last: offset });
    next = offset + 1;
  }
  if (next < part.end && !part.inGap) addSpan(spans, { kind: "missing", first: next, last: part.end - 1 });
  return spans;
}

function addSpan(spans: OffsetSpan[], span: OffsetSpan): void {
  const previous = spans.at(-1);
  if (previous?.kind === span.kind && previous.last + 1 === span.first) previous.last = span.last;
  else spans.push({ ...span });
}
