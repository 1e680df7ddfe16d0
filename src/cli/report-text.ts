import { counted } from "../core/counted.ts";
import type { RunReport } from "../run/report.ts";
import { labelOf } from "../telemetry/counter-rows.ts";
import { formatTable } from "./print-table.ts";

const FIELDS_SHOWN = 8;

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
    lines.push(
      `left: ${counted(left.ranges, "range")}, ${counted(left.records, "record")} of ${left.partitions.join(", ")}`,
    );
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

/** Lines for people: fields that nothing reads, and columns that stayed empty. */
export function fieldLines({ fields, counts }: Pick<RunReport, "fields" | "counts">): string[] {
  const lines: string[] = [];
  if (counts.unknownFields > 0)
    lines.push(`unknown fields: ${counted(counts.unknownFields, "value")} that no column reads`);
  for (const { table, documents, unmatchedColumns, unknownFields } of fields) {
    const names = Object.keys(unknownFields);
    // Where every field is read, the table is wider than these documents, and nothing is wrong.
    if (names.length === 0) continue;
    lines.push(`  ${table} does not read: ${shorten(names)} (of ${counted(documents, "document")} looked at)`);
    if (unmatchedColumns.length > 0) {
      lines.push(`  ${table}: in none of ${documents} documents was a field for ${shorten(unmatchedColumns)}`);
    }
  }
  return lines;
}

function shorten(names: string[]): string {
  const shown = names.slice(0, FIELDS_SHOWN).join(", ");
  return names.length > FIELDS_SHOWN ? `${shown} and ${names.length - FIELDS_SHOWN} more` : shown;
}
