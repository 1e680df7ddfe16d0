import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { errorCodes, MillraceError } from "../src/core/errors.ts";
import { realKafka, startRealKafka } from "../src/testing/kafka/real-kafka.ts";

const program = new Command("kafka")
  .description("Apache Kafka for tests: one process, KRaft, loopback. KAFKA_HOME or the cached download is used.")
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

program
  .command("fetch")
  .description(
    "download the jars with Maven, and make the archive of their classes that halves each start, unless they are there " +
      "(folder: MILLRACE_CACHE_DIR, default .cache)",
  )
  .action(async () => {
    const { classpath, classArchive } = await required();
    // The first server that ends in order leaves it.
    if (!existsSync(classArchive)) await (await startRealKafka()).close();
    process.stdout.write(`${classpath}\n`);
  });

program
  .command("start")
  .description("start the server, print one line when it answers, and run until SIGINT or SIGTERM")
  .option("--port <number>", "port on 127.0.0.1; 0 takes a free one", portNumber, 9092)
  .option("--data <folder>", "keep topics and offsets here; without it they are gone at the end")
  .option("--property <name=value>", "line for server.properties (repeatable)", property, {})
  .action(start);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

async function start(options: { port: number; data?: string; property: Record<string, string> }): Promise<void> {
  await required();
  // Registered before the start: a signal during start-up ends the server too.
  const stopped = new Promise<void>((wake) => {
    process.once("SIGINT", () => wake());
    process.once("SIGTERM", () => wake());
  });
  const starting = startRealKafka({
    ...(options.port === 0 ? {} : { port: options.port }),
    ...(options.data === undefined ? {} : { dataDir: resolve(options.data) }),
    properties: options.property,
    isLongLived: true,
  });
  const kafka = await starting;
  process.stdout.write(`kafka ready on ${kafka.brokers}\n`);
  const failure = await Promise.race([stopped, kafka.failed]);
  await kafka.close();
  if (failure) throw failure;
}

async function required(): Promise<{ classpath: string; classArchive: string }> {
  const kafka = await realKafka();
  if (!kafka.available) throw new MillraceError("E_KAFKA", kafka.reason);
  return kafka;
}

/** Prints the reason and returns the exit code: 2 for a wrong command line, else that of the error's code. */
function report(error: unknown): number {
  if (error instanceof MillraceError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return errorCodes[error.code].exit;
  }
  if (error instanceof Error && "exitCode" in error) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
}

function property(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("A property is written name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
