import { join } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import type { SimulatorReport } from "../../run/simulator-report.ts";
import { tailOf } from "../kafka/child-process.ts";
import { millraceEntry } from "../run-millrace.ts";
import { startProcess, type UsageTotal } from "./managed-process.ts";

const STOP_GRACE_MS = 30_000;

/** A run whose load reaches less than this share of its rate does not show what it was to show. */
export const SHARE_OF_RATE_MIN = 0.95;

/** The load generator: `millrace simulate`, straight to the broker. */
export interface Load {
  /** Makes no more events, sends what is left, and reports. @throws MillraceError E_KAFKA when there is no report. */
  finish(): Promise<SimulatorReport>;
  kill(): void;
}

export function startLoad(options: {
  brokers: string;
  eventsPerSecond: number;
  seed: number;
  folder: string;
  usage: UsageTotal;
}): Load {
  let report: SimulatorReport | undefined;
  const logFile = join(options.folder, "simulator.log");
  // Broken documents on purpose, so that the dead letters take part.
  const numbers = ["--eps", String(options.eventsPerSecond), "--seed", String(options.seed), "--bad-rate", "0.02"];
  const args = [millraceEntry, "simulate", "--json", "--brokers", options.brokers, ...numbers];
  const onLine = (line: string) => {
    if (!line.startsWith("{")) return;
    const message = JSON.parse(line);
    if (message.type === "report") report = message;
  };
  const child = startProcess({ args, logFile, onLine, usage: options.usage });
  return {
    async finish() {
      await child.stop(STOP_GRACE_MS);
      if (report !== undefined) return report;
      throw new MillraceError(
        "E_KAFKA",
        `The load generator ended without a report; its log:\n${await tailOf(logFile)}`,
      );
    },
    kill: () => child.signal("SIGKILL"),
  };
}
