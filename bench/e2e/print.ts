import { formatTable } from "../../src/cli/print-table.ts";
import type { PeerSummary } from "./rounds.ts";
import type { JudgedTarget } from "./targets.ts";

const figureNames = {
  rowsPerCpuSecond: "rows per CPU second",
  rowsPerSecond: "rows per second on the wall",
  eventLoopUtilisation: "main-thread event-loop utilisation",
} as const;

/** The results side by side. CPU in seconds, memory in MiB, times in ms. */
export function peerTable(summaries: readonly PeerSummary[]): string {
  const header = [
    "peer",
    "rows/CPU s",
    "rows/s",
    "wall s",
    "CPU ClickHouse",
    "CPU peer",
    "(CPU broker)",
    "insert p95 ms",
    "e2e p95 ms",
    "RSS ClickHouse",
    "RSS peer",
    "event loop",
  ];
  const rows = summaries.map((summary) => [
    summary.title,
    thousands(summary.rowsPerCpuSecond),
    thousands(summary.rowsPerSecond),
    summary.wallSeconds.toFixed(2),
    summary.clickHouseCpuSeconds.toFixed(2),
    summary.peerCpuSeconds.toFixed(2),
    summary.brokerCpuSeconds.toFixed(2),
    whole(summary.insertP95Ms),
    whole(summary.drainP95Ms),
    String(Math.round(summary.clickHouseRssMiB)),
    String(Math.round(summary.peerRssMiB)),
    summary.eventLoopUtilisation?.toFixed(2) ?? "-",
  ]);
  return formatTable(header, rows);
}

export function targetTable(judged: readonly JudgedTarget[]): string {
  const rows = judged.map(({ target, peer, measured, outcome }) => {
    const isBound = target.figure === "eventLoopUtilisation";
    const format = target.of === "best" ? `best format (${peer ?? "?"})` : "RowBinary";
    return [
      `${figureNames[target.figure]}, ${format}`,
      isBound ? "" : target.against,
      isBound ? `at most ${target.atMost.toFixed(2)}` : `at least ${target.atLeast} x`,
      measured === undefined ? "-" : isBound ? measured.toFixed(3) : `${measured.toFixed(2)} x`,
      outcome,
    ];
  });
  return formatTable(["figure", "against", "target", "measured", "outcome"], rows);
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function whole(value: number | undefined): string {
  return value === undefined ? "-" : String(Math.round(value));
}
