import { fieldLines, type RunReport } from "../run/report.ts";
import { labelOf } from "../telemetry/counter-rows.ts";
import { formatTable } from "./table.ts";

/** The end report for people. */
export function reportText(report: RunReport, latency: { header: string[]; rows: string[][] }): string {
  return [
    "",
    `produced ${report.produced ?? "-"}   stored ${report.stored}   dead ${report.dead}   missing ${report.missing ?? "?"}   duplicate ${report.duplicate ?? "?"}   backlog ${report.backlog ?? "?"}`,
    ...detailLines(report),
    `time to first row ${report.timeToFirstRowMs ?? "-"} ms   ran ${(report.durationMs / 1000).toFixed(1)} s   ${report.runtime}`,
    `transcoder ${report.transcoder}   insert format ${report.insertFormat}   declined ${report.counts.declined}   main thread busy ${asPercent(report.eventLoopUtilisation)}`,
    "",
    formatTable(
      latency.header,
      latency.rows.filter(([, group]) => group === "all"),
    ),
    "",
    formatTable(["process", "CPU s", "peak RSS MiB"], processRows(report)),
  ].join("\n");
}

/** What there is to say of this run alone. */
function detailLines(report: RunReport): string[] {
  const { left, deadByType, counts } = report;
  const lines = [...report.uncountable];
  for (const { pipeline, table, reason } of report.stopped)
    lines.push(`stopped: pipeline ${pipeline} (${table}): ${reason}`);
  if (left.ranges > 0)
    lines.push(`left: ${left.ranges} ranges, ${left.records} records of ${left.partitions.join(", ")}`);
  lines.push(...partLines("deadByType", deadByType), ...partLines("lateByBand", counts.lateByBand));
  return [...lines, ...fieldLines(report)];
}

/** A line of what a counter is divided into; none where there is nothing. */
function partLines(name: "deadByType" | "lateByBand", parts: Record<string, number>): string[] {
  const shown = Object.entries(parts).filter(([, count]) => count > 0);
  return shown.length === 0 ? [] : [`${labelOf(name)}: ${shown.map((part) => part.join(" ")).join(", ")}`];
}

function processRows({ cpuSeconds, rssMiBMax }: RunReport): string[][] {
  return Object.keys(cpuSeconds).map((name) => [name, String(cpuSeconds[name]), String(rssMiBMax[name])]);
}

function asPercent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(1)} %`;
}
