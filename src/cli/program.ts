import { Command, CommanderError } from "commander";
import { withoutWebPage } from "../clients/clickhouse/explain-error.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { refuseSecretArguments } from "../config/secrets.ts";
import { errorCodes, MillraceError } from "../core/errors.ts";
import { endBottomLine } from "./bottom-line.ts";
import { addDlqCommand } from "./dlq.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addEmbeddedCommand } from "./embedded.ts";
import { explainError } from "./explain-error.ts";
import { addHelpAfter } from "./help-text.ts";
import { addLagCommand } from "./lag.ts";
import { addLatencyCommand } from "./latency.ts";
import { addMigrateCommand } from "./migrate.ts";
import { describeUnexpected, printNotice } from "./notice.ts";
import { addOffsetsCommand } from "./offsets.ts";
import { guardOutput } from "./output.ts";
import { addQueryCommand } from "./query.ts";
import { hideNegativeTimeoutWarnings } from "./quiet-warnings.ts";
import { addReconcileCommand } from "./reconcile.ts";
import { addSimulateCommand } from "./simulate.ts";
import { addStartCommand } from "./start.ts";
import { addTopicsCommand } from "./topics.ts";
import { millraceVersion } from "./version.ts";

const serversHelp =
  "Kafka and ClickHouse are those of KAFKA_BROKERS and CLICKHOUSE_URL, or, where neither is set, those that `millrace " +
  "start` runs on this folder. docs/configuration.md has all variables, docs/pipelines.md what a pipeline file may say.";

/** Wide names of commands leave their meanings so much room at least; below it commander would not break them. */
const MEANING_COLUMNS_MIN = 20;

/** Exit codes: 0 done, 1 the work failed, 2 the input was wrong, 130 ended by a second signal. */
export async function runCommandLine(args: string[]): Promise<void> {
  hideNegativeTimeoutWarnings();
  guardOutput();
  // Left to the runtime, an error that nobody caught is printed by native code, with all that is in its text.
  process.on("uncaughtException", (error) => process.exit(report(error)));
  try {
    refuseSecretArguments(args);
    const environment = readEnvironment();
    for (const warning of environment.warnings) printNotice("warn", warning);
    await createProgram(environment).parseAsync(args, { from: "user" });
    endBottomLine();
    process.exit(process.exitCode ?? 0);
  } catch (error) {
    process.exit(report(error));
  }
}

/** All commands and their help. */
export function createProgram(environment: Environment): Command {
  const program = addHelpAfter(new Command("millrace"), () => serversHelp)
    .description("Moves log events from Kafka into ClickHouse, exactly once, and says how late it is.")
    .version(millraceVersion(), "-V, --version", "print the version")
    .showHelpAfterError("(--help shows what the command takes)")
    .configureHelp({ sortSubcommands: true, minWidthToWrap: MEANING_COLUMNS_MIN })
    .exitOverride();
  addStartCommand(program, environment);
  addSimulateCommand(program, environment);
  addMigrateCommand(program, environment);
  addTopicsCommand(program, environment);
  addDoctorCommand(program, environment);
  addLagCommand(program, environment);
  addOffsetsCommand(program, environment);
  addReconcileCommand(program, environment);
  addLatencyCommand(program, environment);
  addDlqCommand(program, environment);
  addQueryCommand(program, environment);
  addEmbeddedCommand(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Says what a person can act on. Returns the exit code. */
function report(error: unknown): number {
  endBottomLine();
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MillraceError) {
    // A wrong input is explained where it was found.
    const advice = error.code === "E_CONFIG" ? undefined : explainError(error.cause);
    const isNews = advice !== undefined && !error.message.includes(advice);
    printNotice("error", `${withoutWebPage(error.message)}${isNews ? `\n${advice}` : ""}`, error);
    return errorCodes[error.code].exit;
  }
  printNotice("error", explainError(error) ?? describeUnexpected(error), error);
  return 1;
}
