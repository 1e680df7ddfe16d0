import { type StageTable, stages, summarise } from "./stages.ts";

/** The latency table of the end report: one line per stage and group, milliseconds. */
export function latencyLines(table: StageTable): { header: string[]; rows: string[][] } {
  const header = ["stage", "group", "count", "p50 ms", "p95 ms", "p99 ms", "max ms", "skewed"];
  const entries = [...table.entries()].sort(
    (a, b) => a.group.localeCompare(b.group) || stages.indexOf(a.stage) - stages.indexOf(b.stage),
  );
  const rows = entries.map(({ stage, group, counts }) => {
    const { p50, p95, p99, max, count, skewed } = summarise(counts);
    return [stage, group === "" ? "all" : group, ...[count, p50, p95, p99, max, skewed].map(String)];
  });
  return { header, rows };
}
