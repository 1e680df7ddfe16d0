import { readOffsets } from "../source/offsets.ts";
import { summarise } from "../telemetry/stages.ts";
import type { Run } from "./start-connect.ts";
import { totalLag } from "./start-run.ts";

const TERMINAL_MS = 1_000;
const PLAIN_MS = 5_000;

/**
 * Shows what happens while it happens: a line rewritten every second on a terminal, a plain line every five seconds
 * without one, nothing with --json. Returns how to stop it.
 */
export function startStatusLine(run: Run): () => void {
  if (run.options.json) return () => {};
  const onTerminal = process.stdout.isTTY === true;
  const everyMs = onTerminal ? TERMINAL_MS : PLAIN_MS;
  let stored = 0;
  const timer = setInterval(async () => {
    const { counters, total, budget } = run.pipeline;
    const rate = Math.round(((counters.stored - stored) * 1000) / everyMs);
    stored = counters.stored;
    const lag = await lagNow(run);
    const line = [
      `${Math.round((Date.now() - run.startedMs) / 1000)} s`,
      ...(run.simulator === undefined ? [] : [`produced ${run.simulator.produced()}`]),
      `stored ${counters.stored} (${rate}/s)`,
      `dead ${counters.dead}`,
      `lag ${lag ?? "?"}`,
      `e2e p95 ${summarise(total.cell("e2e", "")).p95} ms`,
      `in flight ${Math.round(budget.usedBytes / 1024 / 1024)} MiB${budget.paused ? " (paused)" : ""}`,
    ].join("   ");
    process.stdout.write(onTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  }, everyMs);
  return () => {
    clearInterval(timer);
    if (onTerminal) process.stdout.write("\n");
  };
}

/** A status line must not end the run: an admin request that fails shows as "?". */
async function lagNow({ admin, options, topics }: Run): Promise<number | undefined> {
  return readOffsets(admin, options.groupId, topics).then(totalLag, () => undefined);
}
