import { parseArgs } from "node:util";
import { type EngineOracle, openEngineOracle } from "../src/testing/engine-oracle.ts";
import { type Reproduction, reproduce } from "../src/testing/hostile/reproduction.ts";
import { emptyHostileCounts, type HostileCounts, runHostileRound } from "../src/testing/hostile/run.ts";
import { loadKernelModule } from "../workers/kernel-module.ts";

/**
 * `npm run hostile -- [--cases 1000000] [--seed 1] [--round N] [--findings 1] [--json]`: generated and mutated documents
 * for every column type through the kernel, the reference and ClickHouse's own JSONEachRow. Exits 1 at the first
 * document (or the Nth, with --findings) that the three do not read alike and docs/differences.md does not
 * name, with that document made as short as it can be; `--seed S --round N` plays a round again.
 */

/** Documents of one round, which has one table. */
const CASES_A_ROUND = 2_000;
const REPORT_MS = 10_000;

interface Options {
  cases: number;
  seed: number;
  round: number | undefined;
  findings: number;
  json: boolean;
}

const options = readOptions();
const oracle = openEngineOracle();
try {
  process.exitCode = run(oracle, options);
} finally {
  oracle.close();
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      round: { type: "string" },
      findings: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const numbers = [values.cases, values.seed, values.findings, values.round ?? "0"].map(Number);
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) {
    process.stderr.write("--cases, --seed, --round and --findings take whole numbers\n");
    process.exit(2);
  }
  const [cases, seed, findings, round] = numbers as [number, number, number, number];
  return { cases, seed, findings, json: values.json, round: values.round === undefined ? undefined : round };
}

function run(oracle: EngineOracle, { cases, seed, round: only, findings: findingsMax, json }: Options): number {
  const module = loadKernelModule();
  const counts = emptyHostileCounts();
  const reproductions: (Reproduction & { round: number })[] = [];
  const startedMs = Date.now();
  let reportedMs = startedMs;
  let round = only ?? 0;
  while (counts.cases < cases && reproductions.length < findingsMax && (only === undefined || round === only)) {
    const part = Math.min(CASES_A_ROUND, cases - counts.cases);
    for (const finding of runHostileRound({ module, oracle, seed, round, cases: part, counts })) {
      if (reproductions.length >= findingsMax) break;
      reproductions.push({ round, ...reproduce(module, oracle, finding) });
    }
    round++;
    if (Date.now() - reportedMs < REPORT_MS) continue;
    reportedMs = Date.now();
    process.stderr.write(`${progress(counts, startedMs)}\n`);
  }
  process.stderr.write(`${progress(counts, startedMs)}\n`);
  const seconds = (Date.now() - startedMs) / 1_000;
  if (json) console.log(JSON.stringify({ seed, rounds: round - (only ?? 0), seconds, ...counts, reproductions }));
  else for (const reproduction of reproductions) process.stderr.write(`${describe(reproduction, seed)}\n`);
  return reproductions.length > 0 ? 1 : 0;
}

function progress({ cases, outcomes, asked, lax }: HostileCounts, startedMs: number): string {
  const seconds = (Date.now() - startedMs) / 1_000;
  const counted = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  return (
    `${cases} documents in ${Math.round(seconds)} s, ${Math.round(cases / seconds)}/s: ${counted.join(", ")}; ` +
    `of ${asked} that are no JSON object the engine stores ${lax}`
  );
}

function describe(found: Reproduction & { round: number }, seed: number): string {
  const who = found.between === "transcoders" ? "kernel and reference differ" : "Millrace and ClickHouse differ";
  return [
    `\n${who}; the columns are ${found.columns.join(", ")}`,
    `  document   ${found.document}${found.isBase64 ? " (base64)" : ""}`,
    `  kernel     ${found.kernel}`,
    `  reference  ${found.reference}`,
    `  ClickHouse ${found.engine}`,
    `Again: npm run hostile -- --seed ${seed} --round ${found.round}`,
  ].join("\n");
}
