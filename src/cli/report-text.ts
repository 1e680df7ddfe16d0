import { fieldLines, type RunReport } from "../run/report.ts";
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
  const dead = Object.entries(deadByType).map(([type, count]) => `${type} ${count}`);
  if (dead.length > 0) lines.push(`dead letters: ${dead.join(", ")}`);
  const late = Object.entries(counts.lateByBand).filter(([, rows]) => rows > 0);
  if (late.length > 0) lines.push(`late events: ${late.map(([band, rows]) => `${band} ${rows}`).join(", ")}`);
  return [...lines, ...fieldLines(report)];
}

function processRows({ cpuSeconds, rssMiBMax }: RunReport): string[][] {
  return Object.keys(cpuSeconds).map((name) => [name, String(cpuSeconds[name]), String(rssMiBMax[name])]);
}

function asPercent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(1)} %`;
}
