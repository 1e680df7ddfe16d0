import type { StartOptions } from "../config/start-options.ts";
import type { Run } from "../run/run.ts";
import { type Counts, labelOf } from "../telemetry/counter-rows.ts";
import { summarise } from "../telemetry/stages.ts";
import { endBottomLine, showBottomLine } from "./bottom-line.ts";

const TERMINAL_MS = 1_000;
const LOG_MS = 5_000;
/** A lag that was read longer ago than this is not shown: Kafka does not answer. */
const LAG_HOLDS_MS = 3_000;
const MEBIBYTE = 1024 * 1024;

/** What the status line tells. */
export interface Status extends Pick<Counts, "stored" | "dead" | "unread"> {
  seconds: number;
  produced: number | undefined;
  storedPerSecond: number;
  lag: number | undefined;
  /** Undefined until a row is stored. */
  p95Ms: number | undefined;
  inFlightMiB: number;
  isPaused: boolean;
}

/**
 * Shows what happens while it happens: a line rewritten every second on a terminal, a line of the log every five seconds
 * without one, nothing with --json. Returns how to stop it.
 */
export function startStatusLine(run: Run): () => void {
  if (run.options.json) return () => {};
  const onTerminal = process.stdout.isTTY === true;
  const everyMs = onTerminal ? TERMINAL_MS : LOG_MS;
  run.watch.begin();
  let before = { stored: 0, atMs: performance.now() };
  const show = () => {
    const now = { stored: run.pipeline.counters.stored, atMs: performance.now() };
    const perMs = (now.stored - before.stored) / Math.max(1, now.atMs - before.atMs);
    before = now;
    const status = statusOf(run, Math.round(perMs * 1_000), run.watch.lag(LAG_HOLDS_MS));
    if (onTerminal) showBottomLine(statusFields(status));
    else run.log.info(status, "status");
  };
  if (onTerminal) show();
  const timer = setInterval(show, everyMs);
  return () => {
    clearInterval(timer);
    endBottomLine();
  };
}

/** The same line while there is no run yet: a person must see at once that something happens. */
export function startStartingLine({ json }: Pick<StartOptions, "json">, startedMs: number): () => void {
  if (json || process.stdout.isTTY !== true) return () => {};
  const show = () => showBottomLine([`${secondsSince(startedMs)} s`, "starting"]);
  show();
  const timer = setInterval(show, TERMINAL_MS);
  return () => clearInterval(timer);
}

/** The fields in the order of their worth: what has no room on the terminal is left away from the end. */
export function statusFields(status: Status): string[] {
  const { seconds, produced, stored, storedPerSecond, dead, lag, unread, p95Ms, inFlightMiB, isPaused } = status;
  return [
    `${seconds} s`,
    `${labelOf("stored")} ${stored} (${storedPerSecond}/s)`,
    ...(isPaused ? ["paused"] : []),
    `lag ${lag ?? "?"}`,
    ...(unread === 0 ? [] : [`${labelOf("unread")} ${unread}`]),
    ...(dead === 0 ? [] : [`${labelOf("dead")} ${dead}`]),
    ...(p95Ms === undefined ? [] : [`e2e p95 ${p95Ms} ms`]),
    ...(produced === undefined ? [] : [`produced ${produced}`]),
    `in flight ${inFlightMiB} MiB`,
  ];
}

function statusOf({ pipeline, simulator, startedMs }: Run, storedPerSecond: number, lag: number | undefined): Status {
  const { counters, total, budget } = pipeline;
  const { count, p95 } = summarise(total.cell("e2e", ""));
  return {
    seconds: secondsSince(startedMs),
    produced: simulator?.produced(),
    stored: counters.stored,
    storedPerSecond,
    dead: counters.dead,
    lag,
    unread: counters.unread,
    p95Ms: count === 0 ? undefined : p95,
    inFlightMiB: Math.round(budget.usedBytes / MEBIBYTE),
    isPaused: budget.paused,
  };
}

function secondsSince(startedMs: number): number {
  return Math.round((performance.now() - startedMs) / 1000);
}
