import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { formatTable } from "../../src/cli/print-table.ts";
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { parseCount, parseDurationMs } from "../../src/config/parse-values.ts";
import { type ProfileName, profileNames } from "../../src/config/profiles.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { describeMachine, repositoryDirectory } from "../common/machine.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { coresFor, runPinned } from "../common/pinned.ts";
import { markdownTable, writeSection } from "../common/readme.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { type KafkaKind, kafkaKinds, startBenchServers } from "../common/servers.ts";
import { climb, type StepResult } from "./ladder.ts";
import { type ReplayCompression, replayCompressions } from "./replay-batch.ts";
import { runStep } from "./step.ts";
import { cpuHeader, cpuRows, latencyHeader, latencyRows } from "./table.ts";
import { judge } from "./verdict.ts";

/** Question: how late is an event, stage by stage, at a rate, and at which rate does a vCPU budget no longer hold? */

const script = fileURLToPath(import.meta.url);
hideNegativeTimeoutWarnings();
const readmeFile = join(repositoryDirectory, "bench", "README.md");

interface Typed {
  vcpus: string;
  rates: string;
  seconds: string;
  warmUp: string;
  profile: string;
  kafka: string;
  compression: string;
  e2eMax: string;
  transcoder?: string;
  insertFormat?: string;
  results: string;
  readme: boolean;
  /** Set on the inner run: the budget, the cores that it leaves free, and the id of the outer run. */
  pinned?: string;
  outside?: string;
  run?: string;
}

const typed = new Command("bench:latency")
  .description("step the load until it no longer holds; print p50/p95/p99 of every stage")
  .option("--vcpus <n,…>", "vCPU budgets, one after the other", "1,2")
  .option("--rates <n,…>", "events per second", "5000,10000,25000,50000,100000,150000,200000,400000,800000")
  .option("--seconds <n>", "measured load per step", "15")
  .option("--warm-up <n>", "seconds of load before it, kept out of the figures", "8")
  .option("--profile <name,…>", "profiles: the next one is taken when a rate does not hold", "mid,high")
  .option("--kafka <kind>", kafkaKinds.join(" or "), "embedded")
  .option("--compression <codec>", `of the replayed batches: ${replayCompressions.join(" or ")}`, "lz4")
  .option("--e2e-max <time>", "a rate holds while the e2e p95 is below this", "5s")
  .option("--transcoder <name>", "passed on to millrace start")
  .option("--insert-format <name>", "passed on to millrace start")
  .option("--results <file>", "NDJSON to append to", resultFile("latency"))
  .option("--readme", "write the table into bench/README.md")
  .addOption(new Option("--pinned <vcpus>").hideHelp())
  .addOption(new Option("--outside <cores>").hideHelp())
  .addOption(new Option("--run <id>").hideHelp())
  .parse()
  .opts<Typed>();

try {
  process.exitCode = typed.pinned === undefined ? await runBudgets() : await runBudget(Number(typed.pinned));
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = errorCodes[error.code].exit;
}

/** One inner run per budget, pinned; then the table of all. */
async function runBudgets(): Promise<number> {
  checkOptions();
  const budgets = typed.vcpus.split(",").map((text) => parseCount("--vcpus", text, { min: 1, max: 64 }));
  const run = describeMachine().at;
  for (const vcpus of budgets) {
    const { inside, outside } = coresFor(vcpus);
    const args = [...process.argv.slice(2), "--pinned", String(vcpus), "--outside", outside.join(","), "--run", run];
    const code = await runPinned(inside, script, args);
    if (code !== 0) return code;
  }
  const lines = (await readFile(typed.results, "utf8")).trimEnd().split("\n");
  const results = lines
    .map((line) => JSON.parse(line) as StepResult & { run: string })
    .filter((line) => line.run === run);
  console.log(`\nms: p50/p95/p99\n${formatTable(latencyHeader, latencyRows(results))}`);
  console.log(`\n${formatTable(cpuHeader, cpuRows(results))}\n* on cores outside the budget`);
  if (typed.readme === true) await writeSection(readmeFile, "latency", readmeText(results));
  return 0;
}

function checkOptions(): {
  rates: number[];
  profiles: ProfileName[];
  kafka: KafkaKind;
  compression: ReplayCompression;
} {
  const oneOf = <T extends string>(option: string, text: string, allowed: readonly T[]): T => {
    if (allowed.includes(text as T)) return text as T;
    throw new MillraceError("E_CONFIG", `${option} ${text}: must be one of ${allowed.join(", ")}`);
  };
  return {
    rates: typed.rates.split(",").map((text) => parseCount("--rates", text, { min: 1, max: 5_000_000 })),
    profiles: typed.profile.split(",").map((name) => oneOf("--profile", name, profileNames)),
    kafka: oneOf("--kafka", typed.kafka, kafkaKinds),
    compression: oneOf("--compression", typed.compression, replayCompressions),
  };
}

/** The inner run: this process and all that it starts are on the budget's cores, but for the load generator. */
async function runBudget(vcpus: number): Promise<number> {
  const { rates, profiles, kafka, compression } = checkOptions();
  const e2eP95MsMax = parseDurationMs("--e2e-max", typed.e2eMax);
  const startArgs = [
    ...(typed.transcoder === undefined ? [] : ["--transcoder", typed.transcoder]),
    ...(typed.insertFormat === undefined ? [] : ["--insert-format", typed.insertFormat]),
  ];
  const generatorCores = (typed.outside ?? "").split(",").filter(Boolean).map(Number);
  const servers = await startBenchServers(kafka);
  const forget = closeOnSignal(servers.close);
  try {
    await climb(rates, profiles, async (eventsPerSecond, profile) => {
      process.stderr.write(`${vcpus} vCPU, ${profile}, ${eventsPerSecond} events/s … `);
      const figures = await runStep(servers, {
        vcpus,
        eventsPerSecond,
        seconds: parsePositive("--seconds", typed.seconds),
        warmUpSeconds: typed.warmUp === "0" ? 0 : parsePositive("--warm-up", typed.warmUp),
        profile,
        compression,
        generatorCores,
        patienceMs: 3 * e2eP95MsMax,
        startArgs,
      });
      const result: StepResult = { ...figures, ...judge(figures, e2eP95MsMax), profile };
      process.stderr.write(
        `e2e p95 ${result.latencyMs.e2e.p95} ms, ${result.holds ? "holds" : result.reasons.join("; ")}\n`,
      );
      await appendResults(typed.results, [{ run: typed.run, kafka, compression, startArgs, ...result }]);
      return result;
    });
    return 0;
  } finally {
    forget();
    await servers.close();
  }
}

function parsePositive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 3_600) return value;
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be a number of seconds above 0, at most 3600`);
}

function readmeText(results: readonly StepResult[]): string {
  const machine = describeMachine();
  const seed = [
    "7",
    "Spark, 1 VM",
    "5000",
    "-",
    ...latencyHeader.slice(4).map((stage) => (stage === "e2e" ? "-/≈10000/-" : "-")),
  ];
  return `Milliseconds, p50/p95/p99. ${machine.cpu}, ${machine.runtime}, commit ${machine.commit}, ${machine.at.slice(0, 10)}; ${typed.kafka} broker, ${typed.compression}.

${markdownTable(latencyHeader, [seed, ...latencyRows(results)])}

${markdownTable(cpuHeader, cpuRows(results))}

\\* on cores outside the budget.`;
}
