import { Command, InvalidArgumentError } from "commander";
import { errorCodes, MillraceError } from "../src/core/errors.ts";
import type { FaultKind } from "../src/testing/chaos/faults.ts";
import { describeFailure, describeReport, findingsOf, reportAsJson } from "../src/testing/chaos/report.ts";
import { runChaos } from "../src/testing/chaos/run-chaos.ts";
import { drawFaults, faultKinds } from "../src/testing/chaos/schedule.ts";

interface Typed {
  faults: number;
  seed: number;
  kafka: "embedded" | "real";
  eps: number;
  window?: number;
  only?: FaultKind[];
  session: number;
  fence: number;
  json?: boolean;
  keep?: boolean;
}

/** A signal has ended the run. */
class Stopped extends Error {}

const program = new Command("chaos")
  .description("Servers, load and ingesters of their own; then faults drawn from a seed; then an exact count.")
  .option("--faults <n>", "how many", count(0, 100_000), 50)
  .option("--seed <n>", "same seed, same faults in the same order (their timing differs)", count(0, 2 ** 48), 1)
  .option("--kafka <broker>", "embedded, or real: Apache Kafka", oneOf(["embedded", "real"]), "embedded")
  .option("--eps <n>", "events per second", count(1, 100_000), 1_000)
  .option(
    "--window <n>",
    "deduplication window of all tables, in inserts; 0 turns it off, and the run must fail",
    count(0, 1e8),
  )
  .option("--only <kinds>", `draw only these kinds, comma-separated: ${faultKinds.join(", ")}`, kinds)
  .option("--session <ms>", "session timeout of the ingesters' group", count(6_000, 60_000), 6_000)
  .option("--fence <ms>", "how long after its intent an insert may still begin", count(500, 60_000), 3_000)
  .option("--json", "print the report as JSON, and progress to standard error")
  .option("--keep", "keep data and logs, also when all is well")
  .exitOverride();

process.exit(await main().catch(report));

async function main(): Promise<number> {
  await program.parseAsync();
  const { faults, seed, kafka, eps, window, only, session, fence, json, keep } = program.opts<Typed>();
  const aborter = new AbortController();
  // The first signal takes everything down; a second one does not wait: the guards of the children then end them.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (aborter.signal.aborted ? process.exit(130) : aborter.abort(new Stopped(name))));
  }
  const result = await runChaos({
    seed,
    faults: drawFaults(seed, faults, only),
    broker: kafka,
    eventsPerSecond: eps,
    window,
    sessionTimeoutMs: session,
    fenceMs: fence,
    keep: keep === true,
    say: (line) => (json === true ? process.stderr : process.stdout).write(`${line}\n`),
    signal: aborter.signal,
  });
  const isGood = findingsOf(result).length === 0;
  if (json === true) console.log(JSON.stringify(reportAsJson(result)));
  else console.log(describeReport(result));
  if (isGood) return 0;
  const again = ["npm run chaos --", ...process.argv.slice(2).filter((word) => word !== "--json")].join(" ");
  console.error(`${describeFailure(result)}\n\nSeed ${seed}. Again (the same faults, at other moments): ${again}`);
  return 1;
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

function oneOf<T extends string>(words: T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`One of ${words.join(", ")}.`);
  };
}

function kinds(text: string): FaultKind[] {
  return text.split(",").map(oneOf(faultKinds));
}
