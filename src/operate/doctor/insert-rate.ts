import type { SetUp, TableFacts } from "./facts.ts";

/** How many entries of a table's deduplication window the inserts use. */
export interface EntryRate {
  /** In order: every partition with traffic is cut by age, an insert touches one event day. */
  usualPerSecond: number;
  /**
   * At worst, the larger of two: live traffic, every insert of which has late records of all days that it may touch; a
   * backlog that is drained as fast as the machine can. A backlog comes in order of time, two days to an insert at most.
   */
  worstPerSecond: number;
}

/** The cheapest insert took ClickHouse 5.7 ms (sql/README.md, "Cost"). */
const INSERTS_PER_SECOND_AND_SLOT = 200;
/** One vCPU transcoded and stored 445,000 rows a second at best (ops/profiles, measured). */
const ROWS_PER_SECOND_AND_VCPU = 500_000;
const BACKLOG_PARTITIONS = 2;
const DAY_MS = 86_400_000;
/** Without a lateness horizon nothing bounds the days of one insert; so many are reckoned with. */
const PARTITIONS_WITHOUT_HORIZON = 10;

/**
 * Estimates the inserts into a table from the set-up alone. A partition is cut when its records are old enough, so
 * `partitions ÷ flushIntervalMs` is the most that age can cause, whatever number of instances share the partitions. Size
 * can cause more while a backlog is drained; what one machine can transcode bounds that, and its insert slots bound both.
 *
 * @param partitions of the topics that end up in the table
 * @param instances members of the group, at least 1
 */
export function estimateEntryRate(setUp: SetUp, table: TableFacts, partitions: number, instances: number): EntryRate {
  const { flushIntervalMs, flushRows, insertsMax } = setUp.profile;
  const slots = instances * insertsMax * INSERTS_PER_SECOND_AND_SLOT;
  const byAge = (partitions * 1000) / flushIntervalMs;
  const bySize = (instances * setUp.vcpus * ROWS_PER_SECOND_AND_VCPU) / flushRows;
  const touched = partitionsOfInsert(setUp, table);
  return {
    usualPerSecond: Math.min(slots, byAge),
    worstPerSecond: Math.max(
      Math.min(slots, byAge) * touched,
      Math.min(slots, bySize) * Math.min(touched, BACKLOG_PARTITIONS),
    ),
  };
}

/** Table partitions that one insert may touch: each takes an entry of its own. */
export function partitionsOfInsert(setUp: SetUp, table: TableFacts): number {
  if (table.partitionKey === "") return 1;
  const spans = setUp.plans
    .filter(({ topics }) => topics.some((topic) => table.topics.includes(topic)))
    .map(({ horizon }) =>
      horizon === undefined ? PARTITIONS_WITHOUT_HORIZON : Math.ceil((horizon.backMs + horizon.aheadMs) / DAY_MS) + 1,
    );
  return Math.max(1, ...spans);
}

/** How long a token is remembered at least: from now until so many more entries have come. */
export function windowSpanMs(windowInserts: number, entriesPerSecond: number): number {
  return entriesPerSecond === 0 ? Number.POSITIVE_INFINITY : (windowInserts / entriesPerSecond) * 1000;
}

/** 1234 → 2000: what a person would have chosen. */
export function roundUp(count: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, count)));
  return Math.ceil(count / unit) * unit;
}

/** "40 s", "12 min", "27 h", "6 days". */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return "for ever";
  for (const [unit, size] of [
    ["days", DAY_MS],
    ["h", 3_600_000],
    ["min", 60_000],
  ] as const) {
    if (ms >= 2 * size) return `${Math.floor(ms / size)} ${unit}`;
  }
  return `${Math.floor(ms / 1000)} s`;
}
