/**
 * What does Millrace cost while little happens? CPU of the ingester alone, as a share of one core, without any events and
 * at a light load, over few and many partitions; and how late an event is in each case (bench/README.md).
 */
import { parseArgs } from "node:util";
import { formatTable } from "../../src/cli/print-table.ts";
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { parseCount } from "../../src/config/parse-values.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { startBenchServers } from "../common/servers.ts";
import { measureCase, type QuietFigures } from "./measure-case.ts";

const help = `npm run bench:quiet -- [options]: CPU of an ingester that has little to do

  --rates <n,…>       events per second; 0: none (default: 0,5000)
  --partitions <n,…>  of the topics together, at least 10 (default: 10,256)
  --seconds <n>       measured, per case (default: 15)
  --warm-up <n>       seconds of the same load before it (default: 8)
  --singles <n>       single events after a case without load, for their delay (default: 10)
  --results <file>    NDJSON to append to
  --no-record         append nothing
  --json              print the figures as JSON
  --help              this text
`;

const header = ["events/s", "partitions", "CPU %", "main", "workers", "rest", "events", "e2e p50 ms", "p95", "max"];

function rowOf({ eventsPerSecond, partitions, cpuPercent, events, e2eMs }: QuietFigures): string[] {
  const { all, main, workers, rest } = cpuPercent;
  return [
    String(eventsPerSecond),
    String(partitions),
    ...[all, main, workers, rest].map((percent) => percent.toFixed(1)),
    ...[events, e2eMs.p50, e2eMs.p95, e2eMs.max].map(String),
  ];
}

async function main(): Promise<void> {
  hideNegativeTimeoutWarnings();
  const { values } = parseArgs({
    options: {
      rates: { type: "string", default: "0,5000" },
      partitions: { type: "string", default: "10,256" },
      seconds: { type: "string", default: "15" },
      "warm-up": { type: "string", default: "8" },
      singles: { type: "string", default: "10" },
      results: { type: "string", default: resultFile("quiet") },
      "no-record": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return void process.stdout.write(help);
  const list = (option: string, text: string, min: number, max: number) =>
    text.split(",").map((word) => parseCount(option, word, { min, max }));
  // Topics only grow: few partitions come first.
  const counts = list("--partitions", values.partitions, 10, 10_000).sort((a, b) => a - b);
  const rates = list("--rates", values.rates, 0, 1_000_000);
  const [seconds, warmUpSeconds, singles] = [
    parseCount("--seconds", values.seconds, { min: 1, max: 3_600 }),
    parseCount("--warm-up", values["warm-up"], { min: 0, max: 3_600 }),
    parseCount("--singles", values.singles, { min: 1, max: 1_000 }),
  ];
  const servers = await startBenchServers("embedded");
  const forget = closeOnSignal(servers.close);
  const results: QuietFigures[] = [];
  try {
    for (const partitions of counts) {
      for (const eventsPerSecond of rates) {
        process.stderr.write(`${eventsPerSecond} events/s, ${partitions} partitions …\n`);
        const options = { eventsPerSecond, partitions, seconds, warmUpSeconds, singles };
        results.push(await measureCase(servers, { profile: "mid", vcpus: 2, ...options }));
      }
    }
  } finally {
    forget();
    await servers.close();
  }
  if (values["no-record"] !== true) await appendResults(values.results, results);
  console.log(values.json === true ? JSON.stringify(results) : formatTable(header, results.map(rowOf)));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`bench:quiet: ${error.message}`);
  process.exitCode = errorCodes[error.code].exit;
}
