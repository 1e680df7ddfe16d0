/**
 * Drains one topic of real Apache Kafka into one ClickHouse table with Millrace and with what a user would pick instead,
 * checks that all stored the same rows, and prints the figures side by side and against the targets (bench/README.md).
 */
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { runBench } from "./bench.ts";
import { parseBenchOptions, usage } from "./options.ts";
import { progressLog } from "./progress.ts";
import { searchKafkaEngine } from "./search-kafka-engine.ts";

hideNegativeTimeoutWarnings();
try {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else process.exitCode = await (options.searchKafkaEngine ? searchKafkaEngine : runBench)(options, progressLog());
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`bench:e2e: ${error.message}`);
  process.exitCode = errorCodes[error.code].exit;
}
