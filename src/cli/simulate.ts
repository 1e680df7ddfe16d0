import { basename } from "node:path";
import { type Command, Option } from "commander";
import type { Environment } from "../config/environment.ts";
import type { SimulatorLog, SimulatorOptions } from "../config/simulator.ts";
import { readSimulatorEnvironment } from "../config/simulator-environment.ts";
import {
  defaultProfilesFile,
  defaultRoutesFile,
  readSimulatorProfile,
  readSimulatorRoutes,
} from "../config/simulator-files.ts";
import { type BadKind, badKinds, compressions, eventModes } from "../config/simulator-words.ts";
import { parseDurationMs } from "../config/values.ts";
import { MillraceError } from "../core/errors.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import type { SimulatorReport } from "../run/simulator-report.ts";
import { loopback } from "../server/http-access.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { createLog } from "../telemetry/log.ts";
import { addBrokersOption } from "./brokers-option.ts";
import { untilStopped } from "./signals.ts";
import { printTable } from "./table.ts";

interface SimulateOptions {
  brokers?: string;
  eps?: string;
  duration?: string;
  events?: string;
  mode?: string;
  seed?: string;
  profiles: string;
  routes: string;
  timezone?: string;
  compression?: string;
  acks?: string;
  partitioner?: string;
  eventId?: string;
  badRate?: string;
  badKinds?: string;
  port?: string;
  listen?: string;
  json?: boolean;
  stopOnStdinClose?: boolean;
}

const progressIntervalMs = 1_000;

/** `millrace simulate`: makes events and sends them to Kafka until its limit or a signal; then drains and reports. */
export function addSimulateCommand(program: Command, environment: Environment): void {
  addBrokersOption(program.command("simulate"))
    .description("send made-up log events to Kafka")
    .option("--eps <n>", "events per second (default: eps of the profiles file)")
    .option("--duration <time>", "stop after this time, e.g. 20s")
    .option("--events <n>", "stop after this many events")
    .option("--mode <mode>", `which events a request leaves: ${eventModes.join(", ")} (default: domain)`)
    .option("--seed <n>", "same seed, same documents apart from their times")
    .addOption(fileOption("--profiles <file>", "rates, mix and errors", defaultProfilesFile))
    .addOption(fileOption("--routes <file>", "routes of the services", defaultRoutesFile))
    .option("--timezone <zone>", "of the profile's time_weights (default: Asia/Seoul)")
    .option("--compression <codec>", `${compressions.join(", ")} (default: lz4)`)
    .option("--acks <acks>", "all, 1 or 0; all comes with idempotence (default: all)")
    .option("--partitioner <kind>", "sticky (no keys, large batches) or key (request id) (default: sticky)")
    .option("--event-id <kind>", "random, or hash: the same event has the same id (default: random)")
    .option("--bad-rate <share>", "share of documents broken on purpose, 0 to 1 (default: 0)")
    .option("--bad-kinds <list>", `kinds of broken documents, comma-separated (default: all: ${badKinds.join(", ")})`)
    .option("--port <n>", "HTTP control; 0 takes a free port (default: none)")
    .option("--listen <address>", "of the HTTP control; beyond loopback it asks for MILLRACE_HTTP_TOKEN", loopback)
    .option("--json", "print JSON lines: ready, stats, report")
    .option("--stop-on-stdin-close", "stop when standard input closes (for parent processes)")
    .action(async (options: SimulateOptions) => {
      await runSimulate(environment, options);
    });
}

/** Its default is a file of Millrace's own folder, wherever that lies. */
function fileOption(flags: string, meaning: string, file: string): Option {
  return new Option(flags, meaning).default(file, `ops/simulator/${basename(file)}`);
}

async function runSimulate(given: Environment, options: SimulateOptions): Promise<void> {
  const stopped = untilStopped({ onStdinClose: options.stopOnStdinClose === true });
  const log = createLog(given.logLevel);
  const logRecord: SimulatorLog = (level, message, fields) => log[level](fields, message);
  const fromEnvironment = readSimulatorEnvironment(process.env);
  const environment = fromEnvironment.options.brokers === undefined ? withRunningDemo(given, options.brokers) : given;
  if (fromEnvironment.withoutEffect.length > 0) {
    log.info({ variables: fromEnvironment.withoutEffect }, "variables without effect on this simulator");
  }
  // Its Kafka client is a third of the program, and no other command needs it.
  const { startSimulator } = await import("../simulator/simulator.ts");
  const simulator = await startSimulator({
    ...fromEnvironment.options,
    brokers:
      options.brokers === undefined && environment.kafkaBrokers === undefined && fromEnvironment.options.brokers
        ? fromEnvironment.options.brokers
        : requireBrokers(environment, options.brokers),
    security: environment.kafkaSecurity,
    httpToken: environment.httpToken,
    ...readOptions(options),
    profile: readSimulatorProfile(options.profiles),
    routes: readSimulatorRoutes(options.routes),
    log: logRecord,
  });
  if (options.json === true) printLine({ type: "ready", httpPort: simulator.httpPort, seed: simulator.seed });
  else console.log(readyText(simulator, options.listen ?? loopback));
  const timer = setInterval(() => printProgress(simulator, options.json === true), progressIntervalMs);
  await Promise.race([stopped, simulator.finished]);
  clearInterval(timer);
  const report = await simulator.stop();
  if (process.stdout.isTTY === true && options.json !== true) process.stdout.write("\n");
  if (options.json === true) printLine({ type: "report", seed: simulator.seed, ...report });
  else printSimulatorReport(report, simulator.seed);
  if (report.failed > 0) process.exitCode = 1;
}

/** Only what was given: the rest comes from the environment or the defaults. */
function readOptions(options: SimulateOptions): Partial<SimulatorOptions> {
  const given: Partial<SimulatorOptions> = {
    eventsPerSecond: readNumber("--eps", options.eps),
    durationMs: options.duration === undefined ? undefined : parseDurationMs("--duration", options.duration),
    eventsMax: readNumber("--events", options.events),
    mode: readChoice("--mode", options.mode, eventModes),
    seed: readNumber("--seed", options.seed),
    timezone: options.timezone,
    compression: readChoice("--compression", options.compression, compressions),
    acks: readChoice("--acks", options.acks, ["all", "1", "0"] as const),
    partitioner: readChoice("--partitioner", options.partitioner, ["sticky", "key"] as const),
    eventId: readChoice("--event-id", options.eventId, ["random", "hash"] as const),
    badRate: readNumber("--bad-rate", options.badRate),
    badKinds: options.badKinds?.split(",").map((kind) => readChoice("--bad-kinds", kind, badKinds) as BadKind),
    httpPort: readNumber("--port", options.port),
    httpAddress: options.listen,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function readNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new MillraceError("E_CONFIG", `${option} ${text}: must be a number`);
  }
  return value;
}

function readChoice<T extends string>(option: string, text: string | undefined, choices: readonly T[]): T | undefined {
  if (text === undefined || choices.includes(text as T)) return text as T | undefined;
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be one of ${choices.join(", ")}`);
}

function readyText({ httpPort, seed }: Simulator, address: string): string {
  const control = httpPort === -1 ? "" : `, control on http://${address}:${httpPort}`;
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
