import type { OffsetRun, OffsetSection } from "../../core/offset-run.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/** Offsets of one partition, each of which must be exactly one row or a known gap. */
export interface PartitionSection extends OffsetSection, TopicPartition {}

/** A section, or some of one, that one query compares. */
export interface OffsetWindow extends PartitionSection {
  /** The whole window lies in a long gap: a row may be there, but none has to. */
  inGap: boolean;
}

/** Their bounds stand five times in a query, which ClickHouse takes up to 256 KiB of (`max_query_size`). */
const WINDOWS_PER_QUERY = 512;

/** Bitmaps are made over the low 32 bits of offsets: within a window these must be unique. */
const WINDOW_OFFSETS_MAX = 2 ** 31;

/** Cuts a section at the ends of the long gaps in it (ascending, disjoint). */
export function cutAtGaps(section: PartitionSection, gaps: readonly OffsetRun[]): OffsetWindow[] {
  const windows: OffsetWindow[] = [];
  let next = section.first;
  const add = (end: number, inGap: boolean) => {
    for (; next < end; next = Math.min(end, next + WINDOW_OFFSETS_MAX)) {
      windows.push({ ...section, first: next, end: Math.min(end, next + WINDOW_OFFSETS_MAX), inGap });
    }
  };
  for (const gap of gaps) {
    if (gap.last < next || gap.first >= section.end) continue;
    add(Math.max(next, gap.first), false);
    add(Math.min(section.end, gap.last + 1), true);
  }
  add(section.end, false);
  return windows;
}

/**
 * Distributes windows over queries: at most `offsetsPerQuery` in one, and no partition twice.
 *
 * All partitions advance by the same share in each query. Their records of one time lie in the same granules of the
 * table, so one query reads a granule once for all of them.
 */
export function planQueries(windows: readonly OffsetWindow[], offsetsPerQuery: number): OffsetWindow[][] {
  const queries: OffsetWindow[][] = [];
  for (const layer of layers(windows)) {
    for (let start = 0; start < layer.length; start += WINDOWS_PER_QUERY) {
      const group = layer.slice(start, start + WINDOWS_PER_QUERY);
      // In a long gap there are hardly any rows, however many offsets.
      const total = group.reduce((sum, { first, end, inGap }) => (inGap ? sum : sum + end - first), 0);
      const count = Math.max(1, Math.ceil(total / offsetsPerQuery));
      for (let step = 0; step < count; step += 1) {
        const shares = group.map((window) => share(window, step, count)).filter(({ first, end }) => end > first);
        if (shares.length > 0) queries.push(shares);
      }
    }
  }
  return queries;
}

/** The windows of each layer are of different partitions: the first of each, the second of each, and so on. */
function layers(windows: readonly OffsetWindow[]): OffsetWindow[][] {
  const seen = new Map<string, number>();
  const found: OffsetWindow[][] = [];
  for (const window of windows) {
    const key = partitionKey(window);
    const layer = seen.get(key) ?? 0;
    seen.set(key, layer + 1);
    found[layer] ??= [];
    found[layer].push(window);
  }
  return found;
}

function share(window: OffsetWindow, step: number, count: number): OffsetWindow {
  const length = window.end - window.first;
  const at = (position: number) => window.first + Math.floor((length * position) / count);
  return { ...window, first: at(step), end: at(step + 1) };
}

/** Joins runs that touch or overlap; the result is ascending and disjoint. */
export function mergeRuns(runs: readonly OffsetRun[]): OffsetRun[] {
  const merged: OffsetRun[] = [];
  for (const run of [...runs].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous !== undefined && run.first <= previous.last + 1) previous.last = Math.max(previous.last, run.last);
    else merged.push({ ...run });
  }
  return merged;
}
