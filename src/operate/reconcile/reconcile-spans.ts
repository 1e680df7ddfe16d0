import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import { bucketSql, offsetSql, type QuerySubject } from "./reconcile-query.ts";
import type { OffsetWindow } from "./reconcile-windows.ts";

/** Consecutive offsets that have no row, or more than one each. */
export interface OffsetSpan extends OffsetRun {
  kind: "missing" | "duplicate";
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
    const slice = { ...window, first, end: Math.min(window.end, first + BUCKET_OFFSETS) };
    const bucket = buckets.get(index);
    if (bucket === undefined) {
      if (!window.inGap) addSpan(spans, { kind: "missing", first, last: slice.end - 1 });
    } else if (isWrong(bucket, slice)) {
      for (const span of await spansOf(client, subject, slice)) addSpan(spans, span);
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

function isWrong({ total, distinct, covered }: Bucket, slice: OffsetWindow): boolean {
  return total > distinct || (!slice.inGap && covered < slice.end - slice.first);
}

async function spansOf(client: ClickHouseClient, subject: QuerySubject, slice: OffsetWindow): Promise<OffsetSpan[]> {
  const offsets = await queryRows<{ offset: string | number; rows: string | number }>(
    client,
    offsetSql(subject, slice),
  );
  const spans: OffsetSpan[] = [];
  let next = slice.first;
  for (const { offset: text, rows } of offsets) {
    const offset = Number(text);
    if (offset > next && !slice.inGap) addSpan(spans, { kind: "missing", first: next, last: offset - 1 });
    if (Number(rows) > 1) addSpan(spans, { kind: "duplicate", first: offset, last: offset });
    next = offset + 1;
  }
  if (next < slice.end && !slice.inGap) addSpan(spans, { kind: "missing", first: next, last: slice.end - 1 });
  return spans;
}

function addSpan(spans: OffsetSpan[], span: OffsetSpan): void {
  const previous = spans.at(-1);
  if (previous?.kind === span.kind && previous.last + 1 === span.first) previous.last = span.last;
  else spans.push({ ...span });
}
