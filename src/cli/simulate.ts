import type { Command } from "commander";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions, readTyped } from "../config/options/read-options.ts";
import { simulateOnlyRows, simulatorRows } from "../config/options/simulate-rows.ts";
import type { SimulatorLog } from "../config/simulator.ts";
import { readSimulatorEnvironment } from "../config/simulator-environment.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../config/simulator-files.ts";
import { MillraceError } from "../core/errors.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import type { SimulatorReport } from "../run/simulator-report.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { printTable } from "./print-table.ts";
import { untilStopped } from "./signals.ts";

type SimulateArguments = TypedOptions<typeof commandRows.simulate>;

const progressIntervalMs = 1_000;

/** `millrace simulate`: makes events and sends them to Kafka until its limit or a signal; then drains and reports. */
export function addSimulateCommand(program: Command, environment: Environment): void {
  addOptions(program.command("simulate"), commandRows.simulate)
    .description("send made-up log events to Kafka")
    .action((typed: SimulateArguments) => runSimulate(environment, typed));
}

async function runSimulate(given: Environment, typed: SimulateArguments): Promise<void> {
  const options = readOptions(simulateOnlyRows, typed);
  const settings = readTyped(simulatorRows, typed);
  if (settings.httpAddress !== undefined && settings.httpPort === undefined) {
    const what = `--listen ${settings.httpAddress}: is the address of the HTTP control, which --port opens: name both`;
    throw new MillraceError("E_CONFIG", what);
  }
  const stopped = untilStopped({ onStdinClose: options.stopOnStdinClose });
  const log = createLog(given.logLevel);
  const logRecord: SimulatorLog = (level, message, fields) => log[level](fields, message);
  const fromEnvironment = readSimulatorEnvironment(process.env);
  const environment = fromEnvironment.options.brokers === undefined ? withRunningDemo(given, options.brokers) : given;
  if (fromEnvironment.withoutEffect.length > 0) {
    log.info({ variables: fromEnvironment.withoutEffect }, "variables without effect on this simulator");
  }
  // Help needs no Kafka client.
  const { startSimulator } = await import("../simulator/simulator.ts");
  const simulator = await startSimulator({
    ...fromEnvironment.options,
    brokers:
      options.brokers === undefined && environment.kafkaBrokers === undefined && fromEnvironment.options.brokers
        ? fromEnvironment.options.brokers
        : requireBrokers(environment, options.brokers),
    security: environment.kafkaSecurity,
    httpToken: environment.httpToken,
    ...settings,
    profile: readSimulatorProfile(options.profilesFile),
    routes: readSimulatorRoutes(options.routesFile),
    log: logRecord,
  });
  if (options.json) printLine({ type: "ready", httpPort: simulator.httpPort, seed: simulator.seed });
  else console.log(readyText(simulator));
  const timer = setInterval(() => printProgress(simulator, options.json), progressIntervalMs);
  await Promise.race([stopped, simulator.finished]);
  clearInterval(timer);
  const report = await simulator.stop();
  if (process.stdout.isTTY === true && !options.json) process.stdout.write("\n");
  if (options.json) printLine({ type: "report", seed: simulator.seed, ...report });
  else printSimulatorReport(report, simulator.seed);
  if (report.failed > 0) process.exitCode = 1;
}

function readyText({ httpPort, httpAddress, seed }: Simulator): string {
  const control = httpPort === -1 ? "" : `, control on http://${httpAddress}:${httpPort}`;
  return `simulator runs, seed ${seed}${control}`;
}

function printProgress(simulator: Simulator, json: boolean): void {
  const stats = simulator.stats();
  if (json) {
    printLine({ type: "stats", ...stats });
    return;
  }
  const { produced, failed, pendingEvents, targetEventsPerSecond, paused } = stats;
  const line = `target ${targetEventsPerSecond}/s  produced ${produced}  failed ${failed}  pending ${pendingEvents}${paused ? "  paused" : ""}`;
  if (process.stdout.isTTY === true) process.stdout.write(`\r\x1b[K${line}`);
  else console.log(line);
}

/** Prints the end report for people. */
function printSimulatorReport(report: SimulatorReport, seed: number): void {
  printTable(
    ["topic", "partition", "acknowledged", "first offset", "last offset"],
    report.partitions.map(({ topic, partition, count, firstOffset, lastOffset }) =>
      [topic, partition, count, firstOffset, lastOffset].map(String),
    ),
  );
  const seconds = (report.durationMs / 1_000).toFixed(1);
  console.log(
    `\nproduced ${report.produced} of ${report.generated} events in ${seconds} s (${report.eventsPerSecond}/s), ` +
      `failed ${report.failed}, in logs.dlq ${report.dlqWrapped}, copies in logs.error ${report.errorCopies}, ` +
      `withheld ${report.withheld}; CPU ${report.cpuSeconds.toFixed(2)} s; seed ${seed}`,
  );
}

function printLine(message: object): void {
  console.log(JSON.stringify(message));
}
