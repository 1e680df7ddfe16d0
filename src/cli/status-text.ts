import { counted } from "../core/counted.ts";
import type { ConsoleState, RunState } from "../server/console/console-state.ts";
import type { HistoryPoint } from "../server/console/history.ts";
import { formatTable } from "./print-table.ts";

const REASONS_SHOWN = 4;

/** Records are being stored, though perhaps late. */
export function isReady({ health }: ConsoleState): boolean {
  return health.state === "healthy" || health.state === "late";
}

/** One screen about an ingester. */
export function statusLines(state: ConsoleState, url: string): string[] {
  const { health, run, version, atMs } = state;
  const [first, ...reasons] = health.reasons;
  const head = [
    [health.title.toUpperCase(), first].filter((text) => text !== undefined).join("   "),
    ...reasons.map((reason) => `  ${reason}`),
  ];
  const at = ["at", `${url}, Millrace ${version}`];
  if (run === null) return [...head, "", ...nameLines([at])];
  return [
    ...head,
    "",
    ...nameLines([at, ...settingFacts(run, atMs)]),
    "",
    ...nameLines(figureFacts(run, run.point?.values)),
    "",
    formatTable(
      ["p95 of a stage, ms", "last 10 s", "last 15 min"],
      run.stages.map(({ stage, now, window }) => [stage, msText(now?.p95), msText(window?.p95)]),
    ),
  ];
}

/** The same in one line, for a log. */
export function statusLine({ health, run, atMs }: ConsoleState): string {
  const time = new Date(atMs).toISOString().slice(11, 19);
  if (run === null) return [time, health.title, ...health.reasons].join("  ");
  const values = run.point?.values;
  const e2e = run.stages.find(({ stage }) => stage === "e2e")?.now?.p95;
  return [
    time,
    health.title,
    `stored ${rateText(values?.storedPerSecond)}`,
    `lag ${lagText(values)}`,
    `e2e p95 ${msText(e2e)} ms`,
    ...(health.state === "healthy" ? [] : health.reasons),
  ].join("  ");
}

/** For programs: what a page is told, but for its charts. */
export function statusJson(state: ConsoleState, url: string): unknown {
  const { run, ...rest } = state;
  if (run === null) return { url, ready: isReady(state), ...rest, run };
  const { heatBoundsMs: _, point, ...shown } = run;
  return { url, ready: isReady(state), ...rest, run: { ...shown, now: point?.values ?? null } };
}

type Values = HistoryPoint["values"];

function nameLines(facts: readonly (readonly string[])[]): string[] {
  return facts.map(([name, text]) => `${name!.padEnd(9)}${text}`);
}

function settingFacts({ profile, guarantee, group, startedAtMs }: RunState, atMs: number): string[][] {
  const { name, vcpus, insertFormat } = profile;
  return [
    ["up", `${spanText((atMs - startedAtMs) / 1000)}; group ${group}`],
    [
      "profile",
      `${name}, ${counted(Number(vcpus), "vCPU")}, ${insertFormat}; guarantee ${guarantee ?? "being examined"}`,
    ],
  ];
}

function figureFacts(run: RunState, values: Values | undefined): string[][] {
  const sum = (metric: string) => sumOf(run.figures, metric);
  const produced =
    values?.producedPerSecond === null || values?.producedPerSecond === undefined
      ? ""
      : `, produced ${rateText(values.producedPerSecond)}`;
  const inserts = values?.insertsPerSecond ?? 0;
  const rowsEach = inserts > 0 ? ` of ${numberText((values?.insertRowsPerSecond ?? 0) / inserts)} rows` : "";
  const paused = sum("millrace_intake_paused") > 0 ? ", intake is paused" : "";
  return [
    ["rate", `stored ${rateText(values?.storedPerSecond)}${produced}`],
    ["lag", `${lagText(values)} in ${counted(run.partitionCount, "partition")}${worstText(run)}`],
    ["limit", run.limit.sentence],
    [
      "inserts",
      `${numberText(inserts, 1)}/s${rowsEach}; ${numberText(sum("millrace_insert_errors_total"))} refused, ${numberText(sum("millrace_insert_repeats_total"))} repeated since the start`,
    ],
    [
      "budget",
      `${bytesText(sum("millrace_byte_budget_used_bytes"))} of ${bytesText(sum("millrace_byte_budget_limit_bytes"))} in flight${paused}`,
    ],
    ["dead", deadText(run.figures)],
    ["stored", `${numberText(sum("millrace_stored_rows_total"))} rows since the start; ${reconciledText(run.figures)}`],
  ];
}

function lagText(values: Values | undefined): string {
  if (values === undefined || values.lagRecords === null) return "not known: Kafka does not answer";
  const oldest = values.oldestSeconds === null ? "" : `, the oldest ${numberText(values.oldestSeconds, 1)} s old`;
  return `${counted(Math.round(values.lagRecords), "record")}${oldest}`;
}

/** One partition that lags alone tells of skewed keys, or of a record that is repeated. */
function worstText({ partitions }: RunState): string {
  const [first, second] = partitions;
  if (first === undefined || first.lag === 0) return "";
  const isAlone = second === undefined || first.lag > 10 * Math.max(1, second.lag);
  return isAlone && partitions.length > 1 ? `; nearly all of it in ${first.topic}:${first.partition}` : "";
}

function deadText(figures: RunState["figures"]): string {
  const reasons = Object.entries(figures)
    .flatMap(([name, count]): [string, number][] => {
      const reason = /^millrace_dead_letters_total\{reason="(.*)"\}$/.exec(name)?.[1];
      return reason === undefined ? [] : [[reason, count]];
    })
    .sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return "none since the start";
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const shown = reasons.slice(0, REASONS_SHOWN).map(([reason, count]) => `${reason} ${numberText(count)}`);
  const more = reasons.length > REASONS_SHOWN ? ", …" : "";
  return `${counted(total, "letter")} since the start: ${shown.join(", ")}${more} (millrace dlq list)`;
}

function reconciledText(figures: RunState["figures"]): string {
  const age = figures.millrace_reconciliation_age_seconds;
  if (age === undefined) return "not compared with Kafka yet";
  const [missing, duplicate] = ["missing_records", "duplicate_rows"].map(
    (name) => figures[`millrace_reconciliation_${name}`] ?? 0,
  );
  return `compared with Kafka ${spanText(age)} ago: ${missing} missing, ${duplicate} doubled`;
}

function sumOf(figures: RunState["figures"], metric: string): number {
  return Object.entries(figures)
    .filter(([name]) => name === metric || name.startsWith(`${metric}{`))
    .reduce((sum, [, value]) => sum + value, 0);
}

function rateText(perSecond: number | null | undefined): string {
  return perSecond === null || perSecond === undefined ? "?" : `${numberText(perSecond)}/s`;
}

function numberText(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function msText(ms: number | undefined): string {
  return ms === undefined ? "-" : numberText(ms);
}

function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${numberText(bytes / 1024 ** unit, 1)} ${units[unit]}`;
}

function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
