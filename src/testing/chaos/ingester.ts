import { createInterface } from "node:readline";
import { hideNegativeTimeoutWarnings } from "../../cli/quiet-warnings.ts";
import { runStart } from "../../cli/start-run.ts";
import { readEnvironment } from "../../config/environment.ts";
import { parseStartArguments } from "../../config/start-options.ts";
import { errorCodes, MillraceError } from "../../core/errors.ts";
import type { DeliveryObserver, DeliveryStep } from "../../pipeline/steps.ts";
import { redirectPort } from "./redirect.ts";

/** What the chaos run gives to one ingester process, as JSON in its only argument. */
export interface IngesterSetup {
  kafkaPort: number;
  kafkaProxyPort: number;
  clickHouseUrl: string;
  sessionTimeoutMs: number;
  fenceMs: number;
}

/** One line on standard input: raise the signal in this process when `step` is reached for the `nth` time from now. */
export interface StepOrder {
  step: DeliveryStep;
  nth: number;
  signal: "SIGKILL" | "SIGSTOP";
  /** Later than this (ms since 1970) the order is void: whoever gave it waits no longer, and nobody would continue us. */
  untilMs: number;
}

const setup = JSON.parse(process.argv[2]!) as IngesterSetup;
let order: StepOrder | undefined;

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  order = JSON.parse(line) as StepOrder;
});
// The run that gave the orders is gone: nobody would look at what this process still does.
lines.on("close", () => process.kill(process.pid, "SIGKILL"));

/** Raised by the process itself, so that not one more statement runs behind the step. */
const onStep: DeliveryObserver = (step) => {
  if (order === undefined || order.step !== step || Date.now() > order.untilMs) return;
  order.nth -= 1;
  if (order.nth > 0) return;
  const { signal } = order;
  order = undefined;
  process.kill(process.pid, signal);
};

hideNegativeTimeoutWarnings();
redirectPort(setup.kafkaPort, setup.kafkaProxyPort);
const environment = readEnvironment({
  KAFKA_BROKERS: `127.0.0.1:${setup.kafkaPort}`,
  CLICKHOUSE_URL: setup.clickHouseUrl,
  MILLRACE_LOG_LEVEL: "debug",
});
const typed = {
  profile: "mid",
  vcpus: "2",
  pipelines: "ops/pipelines",
  from: "earliest",
  unreadableIntents: "stop",
  simulator: false,
  json: true,
  sessionTimeout: `${setup.sessionTimeoutMs}ms`,
  fence: `${setup.fenceMs}ms`,
};
try {
  await runStart(environment, parseStartArguments(typed), {
    onStep,
    workerFile: new URL("./poisoned-worker.ts", import.meta.url),
  });
  process.exit(0);
} catch (error) {
  console.error("ended:", error);
  process.exit(error instanceof MillraceError ? errorCodes[error.code].exit : 1);
}
