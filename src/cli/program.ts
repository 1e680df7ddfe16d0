import { Command, CommanderError } from "commander";
import { withoutWebPage } from "../clients/clickhouse/explain-error.ts";
import { type Environment, readEnvironment } from "../config/environment.ts";
import { refuseSecretArguments } from "../config/secrets.ts";
import { errorCodes, MillraceError } from "../core/errors.ts";
import { endBottomLine } from "./bottom-line.ts";
import { explainError } from "./explain-error.ts";
import { addHelpAfter } from "./help-text.ts";
import { describeUnexpected, printNotice } from "./notice.ts";
import { guardOutput } from "./output.ts";
import { hideNegativeTimeoutWarnings } from "./quiet-warnings.ts";
import { millraceVersion } from "./version.ts";

const serversHelp =
  "Kafka and ClickHouse are those of KAFKA_BROKERS and CLICKHOUSE_URL, or, where neither is set, those that `millrace " +
  "start` runs on this folder. docs/configuration.md has all variables, docs/pipelines.md what a pipeline file may say.";

type AddCommand = (program: Command, environment: Environment) => void;

/** Each is loaded when it is asked for: all of them together are four times what most of them need, and half a second. */
const commands: Record<string, () => Promise<AddCommand>> = {
  start: async () => (await import("./start.ts")).addStartCommand,
  simulate: async () => (await import("./simulate.ts")).addSimulateCommand,
  migrate: async () => (await import("./migrate.ts")).addMigrateCommand,
  topics: async () => (await import("./topics.ts")).addTopicsCommand,
  doctor: async () => (await import("./doctor.ts")).addDoctorCommand,
  lag: async () => (await import("./lag.ts")).addLagCommand,
  offsets: async () => (await import("./offsets.ts")).addOffsetsCommand,
  reconcile: async () => (await import("./reconcile.ts")).addReconcileCommand,
  latency: async () => (await import("./latency.ts")).addLatencyCommand,
  dlq: async () => (await import("./dlq.ts")).addDlqCommand,
  diag: async () => (await import("./diag.ts")).addDiagCommand,
  status: async () => (await import("./status.ts")).addStatusCommand,
  tail: async () => (await import("./tail.ts")).addTailCommand,
  dims: async () => (await import("./dims.ts")).addDimsCommand,
  query: async () => (await import("./query.ts")).addQueryCommand,
  embedded: async () => (await import("./embedded.ts")).addEmbeddedCommand,
};

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
    const program = await createProgram(environment, args[0]);
    await program.parseAsync(args, { from: "user" });
    endBottomLine();
    process.exit(process.exitCode ?? 0);
  } catch (error) {
    process.exit(report(error));
  }
}

/** The command of that name alone; without one, or where no command has it, all of them and their help. */
export async function createProgram(environment: Environment, name = ""): Promise<Command> {
  const wanted = Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
  const added = await Promise.all(wanted.map((load) => load()));
  const program = addHelpAfter(new Command("millrace"), () => serversHelp)
    .description("Moves log events from Kafka into ClickHouse, exactly once, and says how late it is.")
    .version(millraceVersion(), "-V, --version", "print the version")
    .showHelpAfterError("(--help shows what the command takes)")
    .configureHelp({ sortSubcommands: true, minWidthToWrap: MEANING_COLUMNS_MIN })
    .exitOverride();
  for (const add of added) add(program, environment);
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
