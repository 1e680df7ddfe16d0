import { existsSync, writeFileSync } from "node:fs";
import { hideNegativeTimeoutWarnings } from "../../../cli/quiet-warnings.ts";
import { runStart } from "../../../cli/start-run.ts";
import { readEnvironment } from "../../../config/environment.ts";
import { parseStartArguments, type StartArguments } from "../../../config/start-options.ts";
import { errorCodes, MillraceError } from "../../../core/errors.ts";
import type { DeliveryStep } from "../delivery-steps.ts";
import { ORDERS_VARIABLE, type Orders } from "./orders.ts";

/** `millrace start` that stops or kills itself at a step. Its only argument: StartArguments as JSON. */
const typed = JSON.parse(process.argv[2]!) as StartArguments;
const orders = JSON.parse(process.env[ORDERS_VARIABLE] ?? "{}") as Orders;
const { hold, kill } = orders;
let killsLeft = kill?.nth ?? 1;
let isHeld = hold === undefined;

/** Nothing else runs meanwhile, as in a process that is stopped. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function onStep(step: DeliveryStep): void {
  if (!isHeld && hold?.step === step) {
    isHeld = true;
    writeFileSync(hold.reached, "");
    while (!existsSync(hold.go)) sleepSync(20);
  }
  if (kill?.step !== step) return;
  killsLeft -= 1;
  // By the process itself, so that not one more statement runs after the step.
  if (killsLeft === 0) process.kill(process.pid, "SIGKILL");
}

hideNegativeTimeoutWarnings();
try {
  await runStart(readEnvironment(process.env), parseStartArguments(typed), {
    onStep,
    ...(orders.insertMsMax === undefined ? {} : { insertMsMax: orders.insertMsMax }),
  });
  process.exit(0);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exit(errorCodes[error.code].exit);
}
