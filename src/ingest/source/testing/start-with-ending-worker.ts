import { runStart } from "../../../cli/start-run.ts";
import { readEnvironment } from "../../../config/environment.ts";
import { parseStartArguments, type StartArguments } from "../../../config/start-options.ts";
import { errorCodes, MillraceError } from "../../../core/errors.ts";

/** `millrace start` with the worker of ending-worker.ts. Its only argument: StartArguments as JSON. */
const typed = JSON.parse(process.argv[2]!) as StartArguments;
try {
  await runStart(readEnvironment(process.env), parseStartArguments(typed), {
    workerFile: new URL("./ending-worker.ts", import.meta.url),
  });
  process.exit(0);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exit(errorCodes[error.code].exit);
}
