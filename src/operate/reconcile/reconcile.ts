import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { pauseMs } from "../../core/backoff.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import { nobody, type Origin } from "../../core/origin.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { countSql, type QuerySubject } from "./reconcile-query.ts";
import { findSpans, type OffsetSpan } from "./reconcile-spans.ts";
import { estimateRows, readLongGaps, subjectOf } from "./reconcile-subject.ts";
import type { ReconcileTarget } from "./reconcile-target.ts";
import { cutAtGaps, type OffsetWindow, type PartitionSection, planQueries } from "./reconcile-windows.ts";

/** Offsets against rows. `expected` = stored + dead − duplicate + gaps + missing. */
export interface Balance {
  /** Offsets that were compared. */
  expected: number;
  /** Rows in the target table, and dead letters; a dead letter whose replay is stored counts only in `replayed`. */
  stored: number;
  dead: number;
  replayed: number;
  /** Offsets known to have no record (absent), or whose record was lost or skipped, and that have no row. */
  gaps: number;
  missing: number;
  /** Rows beyond one per offset. */
  duplicate: number;
}

export interface PartitionBalance extends Balance, PartitionSection {
  /** The first spans that are missing or doubled. */
  spans: OffsetSpan[];
}

export interface ReconcileOptions {
  /** Whose lost and skipped offsets are known gaps; default: everybody's. */
  origin?: Origin | undefined;
  /** How many spans to look up per partition where something is wrong; default 0. */
  spansMax?: number;
  /** How long to ask again for rows that a replica may not have yet, ms in all; default 15 s. */
  replicaWaitMs?: number;
  onProgress?: (doneOffsets: number, totalOffsets: number) => void;
}

/**
 * Offsets that one query compares: as bitmaps some tens of megabytes at most. Where a window cannot be found without
 * reading the whole table (no index by offset), fewer and larger queries are the cheaper way.
 */
const OFFSETS_PER_QUERY = 64 * 1024 * 1024;
const OFFSETS_PER_SCAN = 1024 * 1024 * 1024;

const REPLICA_WAIT_MS = 15_000;
const FIRST_PAUSE_MS = 250;

/**
 * Compares offsets with rows, each of the ranges by itself: facts, dead letters and known gaps together must hold every
 * offset, and no offset may have two rows. At most one range per partition.
 *
 * @throws what the client throws.
 */
export async function reconcile(
  client: ClickHouseClient,
  target: ReconcileTarget,
  ranges: readonly PartitionSection[],
  options: ReconcileOptions = {},
): Promise<PartitionBalance[]> {
  const subject = await subjectOf(client, target, options.origin ?? nobody);
  const gaps = subject.hasGaps ? await readLongGaps(client, subject, ranges) : new Map<string, OffsetRun[]>();
  const windows = ranges.flatMap((range) => cutAtGaps(range, gaps.get(partitionKey(range)) ?? []));
  const balances = new Map(ranges.map((range) => [partitionKey(range), emptyBalance(range)]));
  const total = offsetsOf(windows);
  // Where there is nothing to wait for, the first answer counts.
  const replicaWait = { leftMs: target.readsMayLag ? (options.replicaWaitMs ?? REPLICA_WAIT_MS) : 0 };
  let done = 0;
  for (const query of planQueries(windows, await offsetsPerQuery(client, subject, windows, total))) {
    const counts = await countSettled(client, subject, query, replicaWait);
    for (const window of query) {
      const balance = balances.get(partitionKey(window))!;
      const found = addWindow(balance, window, counts.get(partitionKey(window)));
      const wanted = (options.spansMax ?? 0) - balance.spans.length;
      if (found.isWrong && wanted > 0) balance.spans.push(...(await findSpans(client, subject, window, wanted)));
      done += window.end - window.first;
    }
    options.onProgress?.(done, total);
  }
  return [...balances.values()];
}

/** Offsets in the ranges. */
export function offsetsOf(ranges: readonly PartitionSection[]): number {
  return ranges.reduce((sum, { first, end }) => sum + end - first, 0);
}

/** The sum of the partitions. */
export function sumBalances(balances: readonly Balance[]): Balance {
  const total = { expected: 0, stored: 0, dead: 0, replayed: 0, gaps: 0, missing: 0, duplicate: 0 };
  for (const balance of balances) {
    for (const name of Object.keys(total) as (keyof Balance)[]) total[name] += balance[name];
  }
  return total;
}

async function offsetsPerQuery(
  client: ClickHouseClient,
  subject: QuerySubject,
  windows: readonly OffsetWindow[],
  total: number,
): Promise<number> {
  if (total <= OFFSETS_PER_QUERY) return OFFSETS_PER_QUERY;
  const [first = []] = planQueries(windows, OFFSETS_PER_QUERY);
  const rows = await estimateRows(client, subject.target, first);
  return rows !== undefined && rows > 4 * offsetsOf(first) ? OFFSETS_PER_SCAN : OFFSETS_PER_QUERY;
}

interface Counts {
  stored: number;
  dead: number;
  replayed: number;
  distinct: number;
  covered: number;
}

/**
 * Behind a balancer each query may be another replica's, which lags: an offset is called missing when it has no row after
 * asking again for a while, with growing pauses. The answer that knows most rows counts. A row that is seen is there.
 */
async function countSettled(
  client: ClickHouseClient,
  subject: QuerySubject,
  windows: readonly OffsetWindow[],
  replicaWait: { leftMs: number },
): Promise<Map<string, Counts>> {
  const counts = await countRows(client, subject, windows);
  const of = ({ topic, partition }: OffsetWindow, found = counts) =>
    found.get(partitionKey({ topic, partition })) ?? nothing;
  for (let round = 1; replicaWait.leftMs > 0; round += 1) {
    const lacking = windows.filter((window) => missingIn(window, of(window)) > 0);
    if (lacking.length === 0) break;
    const sleepMs = pauseMs(round, { firstMs: FIRST_PAUSE_MS, maxMs: replicaWait.leftMs });
    replicaWait.leftMs -= sleepMs;
    await sleep(sleepMs);
    const again = await countRows(client, subject, lacking);
    for (const window of lacking) {
      const found = of(window, again);
      if (found.covered > of(window).covered) counts.set(partitionKey(window), found);
    }
  }
  return counts;
}

async function countRows(
  client: ClickHouseClient,
  subject: QuerySubject,
  windows: readonly OffsetWindow[],
): Promise<Map<string, Counts>> {
  const rows = await queryRows<Record<keyof Counts, string | number> & TopicPartition>(
    client,
    countSql(subject, windows),
  );
  return new Map(
    rows.map(({ topic, partition, ...counts }) => [
      partitionKey({ topic, partition }),
      Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)])) as unknown as Counts,
    ]),
  );
}

const nothing: Counts = { stored: 0, dead: 0, replayed: 0, distinct: 0, covered: 0 };

function addWindow(balance: PartitionBalance, window: OffsetWindow, counts = nothing): { isWrong: boolean } {
  const { stored, dead, replayed, distinct } = counts;
  const expected = window.end - window.first;
  const covered = window.inGap ? expected : counts.covered;
  const missing = missingIn(window, counts);
  const duplicate = stored + dead - distinct;
  balance.expected += expected;
  balance.stored += stored;
  balance.dead += dead;
  balance.replayed += replayed;
  balance.gaps += covered - distinct;
  balance.missing += missing;
  balance.duplicate += duplicate;
  return { isWrong: missing > 0 || duplicate > 0 };
}

function missingIn({ first, end, inGap }: OffsetWindow, { covered }: Counts): number {
  return inGap ? 0 : end - first - covered;
}

function emptyBalance(range: PartitionSection): PartitionBalance {
  return { ...range, ...sumBalances([]), spans: [] };
}
