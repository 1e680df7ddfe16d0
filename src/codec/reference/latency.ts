import { addToSparse, SparseHistogram, sparsePairs } from "../../core/sparse-histogram.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";
import type { LatencyGroup } from "../task.ts";
import { compilePath, type Document, readPath } from "./path.ts";

/** Groups a task may report by name; what comes after counts as "other", so a bad column cannot flood the tables. */
const GROUPS_MAX = 64;
const GROUP_CHARACTERS_MAX = 100;
const OVERFLOW_GROUP = "other";

interface GroupHistograms {
  produce: SparseHistogram;
  fetch: SparseHistogram;
  eventAge: SparseHistogram;
  recordAge: SparseHistogram;
}

/** Latencies of one task's rows by group. */
export class LatencyRecorder {
  readonly #groups = new Map<string, GroupHistograms>();
  #lastName: string | undefined;
  #last: GroupHistograms | undefined;

  /** Counts one row. Times in ms since 1970; `eventMs` NaN when the row has no event time, or one too late to tell. */
  add(group: string, eventMs: number, recordMs: number, receivedMs: number, startedMs: number): void {
    const histograms = group === this.#lastName ? this.#last! : this.#find(group);
    addToSparse(histograms.produce, recordMs - eventMs);
    addToSparse(histograms.fetch, receivedMs - recordMs);
    addToSparse(histograms.eventAge, startedMs - eventMs);
    addToSparse(histograms.recordAge, startedMs - recordMs);
  }

  finish(): LatencyGroup[] {
    return Array.from(this.#groups, ([group, histograms]) => ({
      group,
      produce: sparsePairs(histograms.produce),
      fetch: sparsePairs(histograms.fetch),
      eventAge: sparsePairs(histograms.eventAge),
      recordAge: sparsePairs(histograms.recordAge),
    }));
  }

  #find(group: string): GroupHistograms {
    let histograms = this.#groups.get(group);
    if (histograms === undefined && this.#groups.size >= GROUPS_MAX) histograms = this.#groups.get(OVERFLOW_GROUP);
    if (histograms === undefined) {
      histograms = {
        produce: new SparseHistogram(),
        fetch: new SparseHistogram(),
        eventAge: new SparseHistogram(),
        recordAge: new SparseHistogram(),
      };
      // The last place is kept for what does not fit, so the list never passes its bound.
      const isLastPlace = this.#groups.size === GROUPS_MAX - 1;
      this.#groups.set(isLastPlace ? OVERFLOW_GROUP : group, histograms);
    }
    this.#lastName = group;
    this.#last = histograms;
    return histograms;
  }
}

/** How a row's group is read from the document, after the rules: "" when there is none. */
export function compileGroupReader(plan: TablePlan): (document: Document) => string {
  const column = plan.columns.find(({ name }) => name === plan.latencyGroupColumn);
  if (column === undefined || column.source.kind !== "document") return () => "";
  const paths = column.source.names.map((name) => compilePath(name));
  const fallback = missingGroup(column);
  return (document) => {
    for (const path of paths) {
      const value = readPath(document, path);
      if (typeof value === "string") {
        return value.length > GROUP_CHARACTERS_MAX ? value.slice(0, GROUP_CHARACTERS_MAX) : value;
      }
      if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
    }
    return fallback;
  };
}

/** The group of rows whose document has none: the value that the plan puts in its place. */
export function missingGroup(column: PlanColumn): string {
  const { missing } = column;
  return missing.kind === "value" && missing.value !== null ? String(missing.value) : "";
}
