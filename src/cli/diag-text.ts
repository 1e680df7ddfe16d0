import { counted } from "../core/counted.ts";
import type { MinuteFigures } from "../operate/diagnosis/judge-spike.ts";
import type { SpikeReport } from "../operate/diagnosis/read-spike.ts";
import type { CheckResult } from "../operate/diagnosis/run-checks.ts";
import { stages } from "../telemetry/stages.ts";
import { formatTable } from "./print-table.ts";

const statusWords = { ok: "ok", unhealthy: "NOT WELL", unknown: "not known" } as const;

/** A check for people: its name and verdict, what it means, its rows, and what to do. */
export function checkLines({ title, status, means, rows, says, remedy }: CheckResult): string[] {
  return [
    `${title}: ${statusWords[status]}`,
    `  ${means}`,
    ...(rows.length === 0
      ? []
      : formatTable(...tableOf(rows))
          .split("\n")
          .map((line) => `    ${line}`)),
    ...(says === null ? [] : [`  ${status === "unhealthy" ? "! " : ""}${says}`]),
    ...(remedy === null ? [] : [`  → ${remedy}`]),
    "",
  ];
}

/** The last line. */
export function healthLine(results: readonly CheckResult[]): string {
  const titlesOf = (wanted: CheckResult["status"]) =>
    results.filter(({ status }) => status === wanted).map(({ title }) => title);
  const [unhealthy, unknown] = [titlesOf("unhealthy"), titlesOf("unknown")];
  const rest = unknown.length === 0 ? "" : ` (${counted(unknown.length, "question")} could not be answered)`;
  return unhealthy.length === 0 ? `Nothing is wrong here${rest}.` : `Not well: ${unhealthy.join("; ")}${rest}.`;
}

function tableOf(rows: CheckResult["rows"]): [string[], string[][]] {
  // A column that is empty everywhere, such as the error when there is none, only takes room.
  const columns = Object.keys(rows[0]!).filter((column) => rows.some((row) => row[column] !== ""));
  return [columns, rows.map((row) => columns.map((column) => String(row[column])))];
}

/** Minutes by stages, the services, and the sentence that says what it comes to. */
export function spikeLines({ minutes, services, says }: SpikeReport): string[] {
  if (minutes.length === 0) return [says];
  const header = ["minute UTC", "events/s", ...stages.map((stage) => stage)];
  return [
    "p95 of each stage, in ms",
    formatTable(header, minutes.map(minuteCells)),
    "",
    ...(services.length === 0 ? [] : serviceLines(services)),
    says,
  ];
}

function minuteCells({ minute, eps, p95Ms }: MinuteFigures): string[] {
  return [minute, String(eps), ...stages.map((stage) => String(p95Ms[stage] ?? "-"))];
}

function serviceLines(services: SpikeReport["services"]): string[] {
  const cells = services.map(({ service, p95Ms, records }) => [service, String(p95Ms), String(records)]);
  return [
    "services whose events come latest into Kafka",
    formatTable(["service", "produce p95 ms", "records"], cells),
    "",
  ];
}
