import { type AggregateVerdict, describeDifference } from "./aggregates.ts";
import { describeFault, type Fault } from "./faults.ts";
import { clockTime, describeEntry, type InsertJournal } from "./insert-journal.ts";
import type { DeliveryVerdict, OffsetSpan } from "./oracle.ts";

/** A fault as it went. */
export interface FaultRecord extends Fault {
  /** When it began, ms since 1970. */
  atMs: number;
  text: string;
  /** Whether it hit the moment that it was meant for. */
  isExact: boolean;
}

export interface ChaosReport {
  seed: number;
  broker: string;
  window: number | undefined;
  folder: string;
  faults: FaultRecord[];
  /** What ended the run before its time; the delivery is judged nevertheless. */
  failures: string[];
  delivery: DeliveryVerdict;
  aggregates: AggregateVerdict[];
  /** Acknowledged by the broker and not in its log. */
  brokerFindings: string[];
  /** Records of the judged topics that the broker acknowledged; the log may have more. */
  acknowledged: number;
  journal: InsertJournal;
  ingesterStarts: number;
  ingestersKilled: number;
  endedByThemselves: string[];
  serverRestarts: number;
  faultSeconds: number;
  wallSeconds: number;
  cpuSeconds: number;
}

const SPANS_SHOWN = 10;
const INSERTS_SHOWN = 8;

/** All that is wrong, one line each; none: every record is stored exactly once, and all aggregates agree. */
export function findingsOf(report: ChaosReport): string[] {
  const { missing, duplicate, foreign } = report.delivery;
  const findings = [...report.failures, ...report.brokerFindings];
  if (missing > 0) findings.push(`${missing} records are in no table`);
  if (duplicate > 0) findings.push(`${duplicate} rows too many`);
  if (foreign > 0) findings.push(`${foreign} rows of records that are in no log`);
  for (const { table, view, differing } of report.aggregates) {
    if (differing > 0) findings.push(`${table} differs from ${view} over its base table in ${differing} keys`);
  }
  return findings;
}

/** The summary for people. */
export function describeReport(report: ChaosReport): string {
  const { delivery } = report;
  const repeats = report.journal.repeats;
  const stored = Object.entries(delivery.stored).map(([table, rows]) => `${rows} in ${table}`);
  const exact = report.faults.filter((fault) => fault.isExact).length;
  return [
    "",
    `faults      ${report.faults.length}, ${exact} of them at the moment meant`,
    ...faultsByKind(report.faults),
    `ingesters   ${report.ingesterStarts} started, ${report.ingestersKilled} killed, ${report.endedByThemselves.length} ended by themselves`,
    ...report.endedByThemselves.map((line) => `            ${line}`),
    `servers     ${report.serverRestarts} restarts`,
    `inserts     ${report.journal.entries.length}; ${repeats.repeated} ranges sent again, ${repeats.byAnother} of them by another ingester`,
    `records     ${delivery.expected} in the logs, ${report.acknowledged} of them acknowledged to the producer`,
    `rows        ${stored.join(", ")}`,
    `missing     ${delivery.missing}`,
    `duplicate   ${delivery.duplicate}`,
    `foreign     ${delivery.foreign}`,
    ...report.aggregates.map(describeAggregate),
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

function describeAggregate({ table, compared, skipped, differing }: AggregateVerdict): string {
  const verdict = differing === 0 ? `equal in ${compared.length} columns` : `${differing} keys differ`;
  const left = Object.keys(skipped);
  const names = left.length === 0 ? "" : `; not comparable: ${left.join(", ")}`;
  return `aggregate   ${table}: ${verdict}${names}`;
}

/** What a person needs to find the cause: the faults as they went, the records, and the inserts that touched them. */
export function describeFailure(report: ChaosReport): string {
  const lines = ["", "FAILED:", ...findingsOf(report).map((finding) => `  ${finding}`)];
  for (const span of report.delivery.spans.slice(0, SPANS_SHOWN)) lines.push(...describeSpan(span, report.journal));
  for (const { table, differences } of report.aggregates) {
    for (const difference of differences) lines.push(`  ${table} ${describeDifference(difference)}`);
  }
  lines.push("", "Faults as they went:");
  for (const [index, fault] of report.faults.entries()) {
    const time = clockTime(fault.atMs);
    lines.push(`  ${index + 1}. ${time} ${describeFault(fault.action)}: ${fault.text}`);
  }
  return lines.join("\n");
}

function describeSpan({ kind, topic, partition, first, last, rows }: OffsetSpan, journal: InsertJournal): string[] {
  const where = Object.entries(rows).map(([table, count]) => `${count} in ${table}`);
  const inserts = journal.touching(topic, partition, first, last);
  const shown = inserts.slice(0, INSERTS_SHOWN).map((entry) => `      ${describeEntry(entry)}`);
  const more = inserts.length > INSERTS_SHOWN ? [`      and ${inserts.length - INSERTS_SHOWN} more`] : [];
  return [
    `  ${kind} ${topic}:${partition} ${first}–${last}${where.length === 0 ? "" : ` (${where.join(", ")})`}`,
    ...shown,
    ...more,
  ];
}

/** The same for programs. */
export function reportAsJson(report: ChaosReport): object {
  const { journal, ...rest } = report;
  return { ...rest, inserts: journal.entries.length, repeats: journal.repeats, findings: findingsOf(report) };
}
