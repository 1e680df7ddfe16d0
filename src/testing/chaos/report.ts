import { describeFault, type Fault } from "./faults.ts";
import { clockTime, type InsertJournal } from "./insert-journal.ts";
import {
  announcementFindings,
  describeInserts,
  describeRecords,
  describeWrong,
  fenceFindings,
  type Judgement,
  recordFindings,
} from "./judgement.ts";
import { describeRecoveries, type RecoveryTotals, recoveryFindings } from "./recoveries.ts";

/** A fault as it went. */
export interface FaultRecord extends Fault {
  /** When it began, ms since 1970. */
  atMs: number;
  text: string;
  /** Whether it hit the moment that it was meant for. */
  isExact: boolean;
  finding?: string;
}

export interface ChaosReport extends Judgement {
  seed: number;
  broker: string;
  window: number | undefined;
  /** Of each topic; undefined: as usual. */
  partitions: number | undefined;
  folder: string;
  faults: FaultRecord[];
  /** What ended the run before its time; the delivery is judged nevertheless. */
  failures: string[];
  journal: InsertJournal;
  recoveries: RecoveryTotals;
  ingesterStarts: number;
  ingestersKilled: number;
  endedByThemselves: string[];
  serverRestarts: number;
  faultSeconds: number;
  wallSeconds: number;
  cpuSeconds: number;
}

/** All that is wrong, one line each; none: every record is stored exactly once, and all aggregates agree. */
export function findingsOf(report: ChaosReport): string[] {
  const shown = report.faults.flatMap(({ finding }) => finding ?? []);
  const { journal, faults, recoveries } = report;
  return [
    ...report.failures,
    ...shown,
    ...fenceFindings(journal),
    ...announcementFindings(journal),
    ...recoveryFindings(recoveries, faults),
    ...recordFindings(report),
  ];
}

/** The summary for people. */
export function describeReport(report: ChaosReport): string {
  const exact = report.faults.filter((fault) => fault.isExact).length;
  return [
    "",
    `faults      ${report.faults.length}, ${exact} of them at the moment meant`,
    ...faultsByKind(report.faults),
    `ingesters   ${report.ingesterStarts} started, ${report.ingestersKilled} killed, ${report.endedByThemselves.length} ended by themselves`,
    ...report.endedByThemselves.map((line) => `            ${line}`),
    `servers     ${report.serverRestarts} restarts`,
    ...(report.partitions === undefined ? [] : [`partitions  ${report.partitions} in each topic`]),
    ...describeInserts(report.journal),
    ...describeRecoveries(report.recoveries),
    ...describeRecords(report),
    `time        ${report.wallSeconds.toFixed(0)} s, ${report.cpuSeconds.toFixed(0)} s of CPU`,
  ].join("\n");
}

function faultsByKind(faults: FaultRecord[]): string[] {
  const counts = new Map<string, { count: number; exact: number }>();
  for (const { action, isExact } of faults) {
    const at = counts.get(action.kind) ?? { count: 0, exact: 0 };
    counts.set(action.kind, { count: at.count + 1, exact: at.exact + (isExact ? 1 : 0) });
  }
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([kind, { count, exact }]) => `            ${kind.padEnd(20)} ${String(count).padStart(3)}, ${exact} exact`);
}

/** What a person needs to find the cause: the faults as they went, the records, and the inserts that touched them. */
export function describeFailure(report: ChaosReport): string {
  const lines = ["", "FAILED:", ...findingsOf(report).map((finding) => `  ${finding}`)];
  lines.push(...describeWrong(report, report.journal));
  lines.push("", "Faults as they went:");
  for (const [index, fault] of report.faults.entries()) {
    const time = clockTime(fault.atMs);
    lines.push(`  ${index + 1}. ${time} ${describeFault(fault.action)}: ${fault.text}`);
  }
  return lines.join("\n");
}

/** The same for programs. */
export function reportAsJson(report: ChaosReport): object {
  const { journal, ...rest } = report;
  return {
    ...rest,
    inserts: journal.entries.length,
    repeats: journal.repeats,
    late: journal.late,
    unannounced: journal.unannounced.length,
    findings: findingsOf(report),
  };
}
