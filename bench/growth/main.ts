/** Question: does the cost of an event, and its delay, stay the same when something grows? One axis at a time. */
import { join } from "node:path";
import { Command } from "commander";
import { formatTable } from "../../src/cli/print-table.ts";
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { parseChoice, parseCount } from "../../src/config/parse-values.ts";
import { profileNames } from "../../src/config/profiles.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { describeMachine, repositoryDirectory } from "../common/machine.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { markdownTable, writeSection } from "../common/readme.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { startBenchServers } from "../common/servers.ts";
import { progressLog } from "../e2e/progress.ts";
import { compareCheckouts } from "./against.ts";
import { type Axis, axes } from "./axes.ts";
import { isFlat, measureGrowth, printGrowth } from "./events.ts";
import { type GrowthFigures, type RunOptions, runCase } from "./run-case.ts";
import { growthHeader, growthRows, medianRuns } from "./table.ts";
import { judgePartitions } from "./verdict.ts";

const axisNames = ["events", ...axes.map(({ name }) => name)];
const log = progressLog();
hideNegativeTimeoutWarnings();

const typed = new Command("bench:growth")
  .description("CPU an event, delay, inserts and memory along one axis")
  .option("--axis <name>", axisNames.join(", "), "events")
  .option("--values <n,…>", "values of the axis (not of events)")
  .option("--eps <n,…>", "events per second; of record-size: of records of 1 kB")
  .option("--seconds <n>", "measured load a run", "10")
  .option("--warm-up <n>", "seconds of load before it, kept out of the figures", "3")
  .option("--profile <name>", "profile of the ingester", "mid")
  .option("--insert-format <name>", "passed on to millrace start")
  .option("--events <n>", "axis events: events of the first step; --against: of a backlog", "1000000")
  .option("--rounds <n>", "runs of each value, one after another; the median counts", "1")
  .option("--peer <name>", "axis events: which of Millrace's peers", "millrace-native")
  .option("--against <folder>", "compare with another checkout that has its own node_modules, in turns")
  .option("--compare <what,…>", "--against: load, backlog", "load,backlog")
  .option("--check", "exit code 1 when a target is missed")
  .option("--json", "print the results as JSON")
  .option("--results <file>", "NDJSON to append to", resultFile("growth"))
  .option("--no-record", "append nothing")
  .option("--readme", "write the table into bench/README.md")
  .parse()
  .opts<{
    axis: string;
    values?: string;
    eps?: string;
    seconds: string;
    warmUp: string;
    profile: string;
    insertFormat?: string;
    events: string;
    rounds: string;
    peer: string;
    against?: string;
    compare: string;
    check?: boolean;
    json?: boolean;
    results: string;
    record: boolean;
    readme?: boolean;
  }>();

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`bench:growth: ${error.message}`);
  process.exitCode = errorCodes[error.code].exit;
}

async function run(): Promise<number> {
  const events = parseCount("--events", typed.events, { min: 1_000, max: 100_000_000 });
  const rounds = parseCount("--rounds", typed.rounds, { min: 1, max: 99 });
  if (typed.against !== undefined) {
    const seconds = parseCount("--seconds", typed.seconds, { min: 1, max: 600 });
    const what = typed.compare.split(",").map((word) => parseChoice("--compare", word, ["load", "backlog"]));
    const wish = { folder: typed.against, what, events, rounds, seconds, log };
    const { lines, missed } = await compareCheckouts(wish, record);
    return conclude({ lines, missed }, () => console.log(formatTable(lines.header, lines.rows)));
  }
  const axis = axes.find(({ name }) => name === parseChoice("--axis", typed.axis, axisNames));
  if (axis === undefined) {
    const options = { events, rounds, peer: typed.peer };
    const result = await measureGrowth(options, log);
    await record({ ...options, ...result });
    return conclude({ result, missed: isFlat(result) ? [] : ["cost or memory grew"] }, () => printGrowth(result));
  }
  const figures = medianRuns(await runAxis(axis, rounds));
  const header = [axis.title, ...growthHeader];
  const rows = growthRows(figures);
  if (typed.readme === true) await writeSection(readmeFile(), `growth-${axis.name}`, readmeText(header, rows));
  const missed = axis.name === "partitions" ? judgePartitions(figures) : [];
  return conclude({ result: figures, missed }, () => console.log(formatTable(header, rows)));
}

async function runAxis(axis: Axis, rounds: number): Promise<GrowthFigures[]> {
  const options: RunOptions = {
    seconds: parseCount("--seconds", typed.seconds, { min: 1, max: 600 }),
    warmUpSeconds: parseCount("--warm-up", typed.warmUp, { min: 0, max: 600 }),
    vcpus: 2,
    profile: parseChoice("--profile", typed.profile, profileNames),
    startArgs: typed.insertFormat === undefined ? [] : ["--insert-format", typed.insertFormat],
  };
  const numbers = (option: string, text: string | undefined, otherwise: number[], max: number) =>
    text?.split(",").map((word) => parseCount(option, word, { min: 1, max })) ?? otherwise;
  const values = numbers("--values", typed.values, axis.values, axis.valueMax);
  const rates = numbers("--eps", typed.eps, axis.eventsPerSecond, 1_000_000);
  const runs: GrowthFigures[] = [];
  const servers = await startBenchServers("embedded");
  const forget = closeOnSignal(servers.close);
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const rate of rates) {
        for (const value of values) {
          const figures = await runCase(servers, axis.caseOf(value, rate), options);
          const { cpuMicrosPerEvent, e2eMs } = figures;
          const said = `${cpuMicrosPerEvent.both} µs an event, e2e p95 ${e2eMs.p95} ms`;
          log(`${axis.title} ${value}, ${figures.eventsPerSecond}/s, round ${round} of ${rounds}: ${said}`);
          await record({ axis: axis.name, ...options, ...figures });
          runs.push(figures);
        }
      }
    }
  } finally {
    forget();
    await servers.close();
  }
  return runs;
}

async function record(result: object): Promise<void> {
  if (typed.record) await appendResults(typed.results, [{ bench: "growth", ...result }]);
}

/** Prints the result for people or as JSON, then what misses its target. Returns the exit code. */
function conclude<Result extends { missed: string[] }>(result: Result, print: () => void): number {
  if (typed.json === true) {
    console.log(JSON.stringify(result));
  } else {
    print();
    for (const sentence of result.missed) console.log(`missed: ${sentence}`);
  }
  return typed.check === true && result.missed.length > 0 ? 1 : 0;
}

function readmeFile(): string {
  return join(repositoryDirectory, "bench", "README.md");
}

function readmeText(header: readonly string[], rows: readonly string[][]): string {
  const { cpu, runtime, commit, at } = describeMachine();
  const how = `profile ${typed.profile}, ${typed.seconds} s a run, ${typed.rounds} of each`;
  return `${cpu}, ${runtime}, commit ${commit}, ${at.slice(0, 10)}; ${how}.\n\n${markdownTable(header, rows)}`;
}
