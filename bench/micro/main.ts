import { Command } from "commander";
import { formatTable } from "../../src/cli/print-table.ts";
import { parseCount } from "../../src/config/parse-values.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { kernelCase, type MicroResult, measureMicro } from "./measure.ts";

/** Question: how fast is the codec alone, against JSON.parse alone on the same events in the same process? */

const RATIO_MIN = 5;

interface Typed {
  events: string;
  caseMs: string;
  variants: boolean;
  check?: boolean;
  json?: boolean;
  record: boolean;
}

const program = new Command("bench:micro")
  .description("The codec alone on one thread, against JSON.parse on the same events. Outputs are compared first.")
  .option("--events <n>", "events in a task", "20000")
  .option("--case-ms <ms>", "time for each case", "1500")
  .option("--no-variants", "leave out the ways of writing the kernel that lost")
  .option("--check", `exit 1 when the kernel is less than ${RATIO_MIN} times as fast as JSON.parse`)
  .option("--json", "print one JSON document instead of a table")
  .option("--no-record", "leave bench/results/ alone");

program.parse();
await main(program.opts<Typed>());

async function main(typed: Typed): Promise<void> {
  const options = {
    events: parseCount("--events", typed.events, { min: 1, max: 1_000_000 }),
    caseMs: parseCount("--case-ms", typed.caseMs, { min: 10, max: 600_000 }),
    variants: typed.variants ? ("full" as const) : undefined,
  };
  const results = await measureMicro(options, (line) => console.error(line));
  if (typed.json) console.log(JSON.stringify({ ...options, results }));
  else print(results);
  if (typed.record) await appendResults(resultFile("micro"), [{ ...options, results }]);
  const { ratio } = results.find(({ name }) => name === kernelCase)!;
  if (typed.check && ratio < RATIO_MIN) process.exitCode = 1;
}

function print(results: MicroResult[]): void {
  const rows = results.map(({ name, eventsPerSecond, nsPerEvent, ratio, margin }) => [
    name,
    eventsPerSecond.toLocaleString("en-US"),
    String(nsPerEvent),
    `${ratio.toFixed(2)} x`,
    `${(margin * 100).toFixed(1)} %`,
  ]);
  console.log(formatTable(["case", "events/s", "ns/event", "JSON.parse", "margin"], rows));
  const { ratio } = results.find(({ name }) => name === kernelCase)!;
  const outcome = ratio >= RATIO_MIN ? "met" : "missed";
  console.log(`\ntarget: kernel at least ${RATIO_MIN} x JSON.parse: ${ratio.toFixed(2)} x, ${outcome}`);
}
