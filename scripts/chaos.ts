import { Command, InvalidArgumentError } from "commander";
import { hideNegativeTimeoutWarnings } from "../src/cli/quiet-warnings.ts";
import { defaultTopics } from "../src/config/topics.ts";
import { errorCodes, MillraceError } from "../src/core/errors.ts";
import type { FaultKind } from "../src/testing/chaos/faults.ts";
import { describeFailure, describeReport, findingsOf, reportAsJson } from "../src/testing/chaos/report.ts";
import { type BrokerKind, partitionsMin } from "../src/testing/chaos/rig.ts";
import { type ChaosOptions, runChaos } from "../src/testing/chaos/run-chaos.ts";
import type { Outage } from "../src/testing/chaos/scenarios/clickhouse-outage.ts";
import { runScenarios, type ScenarioName, scenarioNames } from "../src/testing/chaos/scenarios/run-scenarios.ts";
import { drawFaults, faultKinds } from "../src/testing/chaos/schedule.ts";

interface Typed {
  faults: number;
  seed: number;
  kafka: BrokerKind;
  eps?: number;
  scenario?: ScenarioName | "all";
  outage?: Outage;
  seconds: number;
  window?: number;
  partitions?: number;
  only?: FaultKind[];
  session: number;
  fence: number;
  json?: boolean;
  keep?: boolean;
}

/** A signal has ended the run. */
class Stopped extends Error {}

const FAULTS_EVENTS_PER_SECOND = 1_000;
const SCENARIO_EVENTS_PER_SECOND = 20_000;
/** All topics together have six times as many, and each join reads the commits of all. */
const PARTITIONS_MAX = 1_000;
const outages = ["stop", "kill"] as const;

const program = new Command("chaos")
  .description(
    "Servers, load and ingesters of their own; then faults drawn from a seed, or a scenario; then an exact count.",
  )
  .option("--faults <n>", "how many", count(0, 100_000), 50)
  .option("--seed <n>", "same seed, same faults in the same order (their timing differs)", count(0, 2 ** 48), 1)
  .option("--kafka <broker>", "embedded, or real: Apache Kafka", oneOf(["embedded", "real"]), "embedded")
  .option("--eps <n>", "events per second (default: 1000, of a scenario 20000)", count(1, 100_000))
  .option(
    "--window <n>",
    "deduplication window of all tables, in inserts; 0 turns it off, and the run must fail",
    count(0, 1e8),
  )
  .option(
    "--partitions <n>",
    `of each topic, ${partitionsMin} to ${PARTITIONS_MAX} (default: ${defaultTopics.map(({ partitions }) => partitions).join(", ")})`,
    count(partitionsMin, PARTITIONS_MAX),
  )
  .option("--only <kinds>", `draw only these kinds, comma-separated: ${faultKinds.join(", ")}`, kinds)
  .option("--session <time>", "session timeout of the ingesters' group", duration(6_000, 60_000), 6_000)
  .option(
    "--fence <time>",
    "how long after its last proof of ownership an insert may still begin",
    duration(500, 600_000),
    3_000,
  )
  .option(
    "--scenario <name>",
    `instead of faults: ${scenarioNames.join(", ")} or all`,
    oneOf([...scenarioNames, "all"] as const),
  )
  .option("--outage <kind>", "of clickhouse-outage: stop or kill (default: one after the other)", oneOf(outages))
  .option("--seconds <n>", "of clickhouse-outage: how long ClickHouse is away", count(1, 3_600), 60)
  .option("--json", "print the report as JSON, and progress to standard error")
  .option("--keep", "keep data and logs, also when all is well")
  .exitOverride();

hideNegativeTimeoutWarnings();
process.exit(await main().catch(report));

async function main(): Promise<number> {
  await program.parseAsync();
  const typed = program.opts<Typed>();
  const aborter = new AbortController();
  // The first signal takes everything down; a second one does not wait: the guards of the children then end them.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (aborter.signal.aborted ? process.exit(130) : aborter.abort(new Stopped(name))));
  }
  const terms = {
    seed: typed.seed,
    broker: typed.kafka,
    partitions: typed.partitions,
    keep: typed.keep === true,
    say: (line: string) => void (typed.json === true ? process.stderr : process.stdout).write(`${line}\n`),
    signal: aborter.signal,
  };
  return typed.scenario === undefined ? runFaults(typed, terms) : playScenarios(typed.scenario, typed, terms);
}

type Terms = Pick<ChaosOptions, "seed" | "broker" | "keep" | "say" | "signal" | "partitions">;

async function runFaults(typed: Typed, terms: Terms): Promise<number> {
  const { faults, seed, eps, window, only, session, fence, json } = typed;
  const result = await runChaos({
    ...terms,
    faults: drawFaults(seed, faults, only),
    eventsPerSecond: eps ?? FAULTS_EVENTS_PER_SECOND,
    window,
    sessionTimeoutMs: session,
    fenceMs: fence,
  });
  if (json === true) console.log(JSON.stringify(reportAsJson(result)));
  else console.log(describeReport(result));
  if (findingsOf(result).length === 0) return 0;
  console.error(`${describeFailure(result)}\n\nSeed ${seed}. Again (the same faults, at other moments): ${again()}`);
  return 1;
}

async function playScenarios(name: ScenarioName | "all", typed: Typed, terms: Terms): Promise<number> {
  const { eps, outage, seconds, json } = typed;
  const eventsPerSecond = eps ?? SCENARIO_EVENTS_PER_SECOND;
  const names = name === "all" ? scenarioNames : [name];
  const ways = outage === undefined ? outages : [outage];
  const results = await runScenarios(names, { ...terms, eventsPerSecond, outageSeconds: seconds }, ways);
  if (json === true) console.log(JSON.stringify(results.map(({ lines: _, ...result }) => result)));
  const failed = results.filter(({ findings }) => findings.length > 0);
  if (failed.length === 0) return 0;
  console.error(`\nFailed: ${failed.map(({ scenario }) => scenario).join(", ")}. Again: ${again()}`);
  return 1;
}

function again(): string {
  return ["npm run chaos --", ...process.argv.slice(2).filter((word) => word !== "--json")].join(" ");
}

function report(error: unknown): number {
  if (error instanceof Stopped) return 130;
  if (error instanceof MillraceError) {
    console.error(`${error.code}: ${error.message}`);
    return errorCodes[error.code].exit;
  }
  // commander has printed it
  if (error instanceof Error && "exitCode" in error) return error.exitCode === 0 ? 0 : 2;
  console.error(error);
  return 1;
}

function count(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
  };
}

/** Milliseconds as a bare number, or with a unit as everywhere else. */
function duration(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const valueMs = /^\d+$/.test(text) ? Number(text) : Number(/^(\d+)s$/.exec(text)?.[1]) * 1_000;
    if (valueMs >= minMs && valueMs <= maxMs) return valueMs;
    throw new InvalidArgumentError(`From ${minMs} (ms) to ${maxMs / 1_000}s.`);
  };
}

function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`One of ${words.join(", ")}.`);
  };
}

function kinds(text: string): FaultKind[] {
  return text.split(",").map(oneOf(faultKinds));
}
