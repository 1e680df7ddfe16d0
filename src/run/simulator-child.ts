import type { Logger } from "pino";
import type { StartOptions } from "../config/start-options.ts";
import { type Child, startChild } from "./child.ts";
import type { SimulatorReport } from "./simulator-report.ts";

const STOP_GRACE_MS = 20_000;

export interface SimulatorChild {
  child: Child;
  /** Events acknowledged so far, by its last progress line. */
  produced(): number;
  /** The end report; undefined until it has come. */
  report(): SimulatorReport | undefined;
  readonly ended: Promise<void>;
  /** Asks it to drain and waits for its report, for so long. */
  finish(graceMs: number): Promise<void>;
}

/** Starts `millrace simulate` as a child and follows its JSON lines. */
export function startSimulatorChild(options: StartOptions, brokers: string[], log: Logger): SimulatorChild {
  const eventsPerSecond = options.eventsPerSecond ?? options.profile.simulatorEventsPerSecond;
  const args = ["simulate", "--json", "--brokers", brokers.join(","), "--eps", String(eventsPerSecond)];
  if (options.durationMs !== undefined) args.push("--duration", `${options.durationMs}ms`);
  const child = startChild("simulator", [...args, ...options.simulatorArguments]);
  let produced = 0;
  let report: SimulatorReport | undefined;
  child.onLine((line) => {
    if (!line.startsWith("{")) return;
    const message = JSON.parse(line);
    if (message.type === "stats") produced = message.produced;
    if (message.type === "report") {
      report = message;
      produced = message.produced;
    }
  });
  let running = true;
  const ended = child.ended.then(({ code, errorTail }) => {
    running = false;
    if (code !== 0 || report === undefined) log.warn(`the simulator ended with code ${code}\n${errorTail}`);
  });
  return {
    child,
    ended,
    produced: () => produced,
    report: () => report,
    async finish(graceMs) {
      if (running) await child.stop(Math.min(STOP_GRACE_MS, graceMs));
      await ended;
    },
  };
}
