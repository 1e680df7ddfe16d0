import { createInterface } from "node:readline";
import { hideNegativeTimeoutWarnings } from "../../cli/quiet-warnings.ts";
import { runStart } from "../../cli/start-run.ts";
import { readEnvironment } from "../../config/environment.ts";
import { parseStartArguments } from "../../config/start-options.ts";
import { errorCodes, MillraceError } from "../../core/errors.ts";
import type { DeliveryObserver, DeliveryStep } from "../../ingest/pipeline/delivery-steps.ts";
import { redirectPort } from "./redirect.ts";
import { sidePipeline } from "./side-pipeline.ts";
import { realNowMs, stepClock } from "./stepped-clock.ts";

/** What the chaos run gives to one ingester process, as JSON in its only argument. */
export interface IngesterSetup {
  kafkaPort: number;
  kafkaProxyPort: number;
  clickHouseUrl: string;
  sessionTimeoutMs: number;
  fenceMs: number;
  drainTimeoutMs: number;
  groupId: string;
  pipelineFolder: string;
}

/** One line on standard input: raise the signal in this process when `step` is reached for the `nth` time from now. */
export interface StepOrder {
  step: DeliveryStep;
  nth: number;
  signal: "SIGKILL" | "SIGSTOP";
  /** Later than this (ms since 1970) the order is void: whoever gave it waits no longer, and nobody would continue us. */
  untilMs: number;
}

/** Another such line: the process's wall clock goes forward by so much, or back. */
export interface ClockOrder {
  clockStepMs: number;
}

/** No fault keeps an insert under way for longer; what the server allows itself would be longer than a run waits. */
const INSERT_MS_MAX = 20_000;

const setup = JSON.parse(process.argv[2]!) as IngesterSetup;
let order: StepOrder | undefined;

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const given = JSON.parse(line) as StepOrder | ClockOrder;
  if ("clockStepMs" in given) stepClock(given.clockStepMs);
  else order = given;
});
// The run that gave the orders is gone: nobody would look at what this process still does.
lines.on("close", () => process.kill(process.pid, "SIGKILL"));

/** Raised by the process itself, so that not one more statement runs after the step. */
const onStep: DeliveryObserver = (step) => {
  if (order === undefined || order.step !== step || realNowMs() > order.untilMs) return;
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
  pipelines: setup.pipelineFolder,
  pipeline: ["events", "dead-letters", sidePipeline.name],
  group: setup.groupId,
  from: "earliest",
  unreadableIntents: "stop",
  simulator: false,
  json: true,
  sessionTimeout: `${setup.sessionTimeoutMs}ms`,
  fence: `${setup.fenceMs}ms`,
  drainTimeout: `${setup.drainTimeoutMs}ms`,
};
try {
  await runStart(environment, parseStartArguments(typed), {
    onStep,
    insertMsMax: INSERT_MS_MAX,
    workerFile: new URL("./poisoned-worker.ts", import.meta.url),
  });
  process.exit(0);
} catch (error) {
  console.error("ended:", error);
  process.exit(error instanceof MillraceError ? errorCodes[error.code].exit : 1);
}
