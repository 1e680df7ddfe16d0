import { Command, CommanderError } from "commander";
import { readEnvironment } from "../config/environment.ts";
import { errorCodes, MillraceError } from "../core/errors.ts";
import { addEmbeddedCommand } from "./embedded.ts";
import { addLagCommand } from "./lag.ts";
import { addLatencyCommand } from "./latency.ts";
import { addMigrateCommand } from "./migrate.ts";
import { hideNegativeTimeoutWarnings } from "./quiet-warnings.ts";
import { addSimulateCommand } from "./simulate.ts";
import { addStartCommand } from "./start.ts";
import { addTopicsCommand } from "./topics.ts";

/** Exit codes: 0 done, 1 the work failed, 2 the input was wrong, 130 ended by a second signal. */
export async function runCommandLine(args: string[]): Promise<void> {
  hideNegativeTimeoutWarnings();
  const program = new Command("millrace")
    .description("Moves log events from Kafka into ClickHouse, exactly once, and says how late it is.")
    .showHelpAfterError("(--help shows what the command takes)")
    .configureHelp({ sortSubcommands: true })
    .exitOverride();
  try {
    const environment = readEnvironment();
    addStartCommand(program, environment);
    addSimulateCommand(program, environment);
    addMigrateCommand(program, environment);
    addTopicsCommand(program, environment);
    addLagCommand(program, environment);
    addLatencyCommand(program, environment);
    addEmbeddedCommand(program);
    for (const command of program.commands) command.exitOverride();
    await program.parseAsync(args, { from: "user" });
    process.exit(process.exitCode ?? 0);
  } catch (error) {
    process.exit(report(error));
  }
}

/** Prints what a person can act on; the stack only of what nobody expected. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MillraceError) {
    console.error(`millrace: ${error.message}`);
    return errorCodes[error.code].exit;
  }
  console.error("millrace: unexpected error", error);
  return 1;
}
