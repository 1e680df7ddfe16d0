import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectClickHouse } from "../../../src/clients/clickhouse/connect.ts";
import { queryRows } from "../../../src/clients/clickhouse/query-rows.ts";
import { MillraceError } from "../../../src/core/errors.ts";
import { type GuardedProcess, spawnGuarded, tailOf } from "../../../src/testing/kafka/child-process.ts";
import type { Peer, PeerContext, RunningPeer } from "../peer.ts";
import { missingForSpark, provisionSpark, SPARK_VERSION } from "../spark/provision.ts";

const program = fileURLToPath(new URL("../spark/drain.py", import.meta.url));

/**
 * The replaced system's formula (S0-36) is target rate × 4 s × 1.1. Draining has no target rate: large triggers, as
 * planning and checkpointing one costs some 0.3 s however few records it has.
 */
const OFFSETS_PER_TRIGGER = 500_000;
/** Above a partition's share of a trigger, so that each task makes one insert of all its rows. */
const ROWS_PER_INSERT = 250_000;
/**
 * The driver's options. Without the binary writer it sends VALUES as text: a fifth fewer rows per CPU second here.
 * Compressing answers gains nothing on loopback.
 */
const DRIVER_OPTIONS = "compress=0&beta.row_binary_for_simple_insert=true";

const POLL_MS = 20;
const KILL_GRACE_MS = 5_000;
const GONE_MS = 5_000;

type Sink = "clickhouse" | "noop";

/** The replaced system's pipeline: Spark Structured Streaming into ClickHouse, `foreachBatch` with the JDBC driver. */
export const sparkPeer: Peer = {
  name: "spark",
  title: `Spark ${SPARK_VERSION}, JDBC driver`,
  writesTable: true,
  unavailable,
  start: (context) => start("clickhouse", context),
};

/** The same query into Spark's `noop` sink: what reading and parsing alone cost it. */
export const sparkNoopPeer: Peer = {
  name: "spark-noop",
  title: `Spark ${SPARK_VERSION}, noop sink`,
  writesTable: false,
  unavailable,
  start: (context) => start("noop", context),
};

/** Fetches it when all that is needed is there, so that a machine without network hears of it before the first run. */
async function unavailable(): Promise<string | undefined> {
  const missing = await missingForSpark();
  if (missing !== undefined) return missing;
  return provisionSpark((line) => process.stderr.write(`spark: ${line}\n`)).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

async function start(sink: Sink, context: PeerContext): Promise<RunningPeer> {
  const spark = await provisionSpark(context.log);
  const work = join(context.workDirectory, `spark-${sink}`);
  await mkdir(work);
  const columns = await readColumns(context);
  const files = { stdoutFile: join(work, "drain.out"), stderrFile: join(work, "drain.log") };
  const args = [
    program,
    ...["--brokers", context.brokers, "--topic", context.topic, "--sink", sink, "--work", work],
    ...["--jars", spark.jars, "--columns", columns.join(",")],
    ...["--url", jdbcUrl(context.clickHouseUrl, context.table), "--table", context.table],
    ...["--offsets-per-trigger", String(OFFSETS_PER_TRIGGER), "--rows-per-insert", String(ROWS_PER_INSERT)],
  ];
  // Loopback only, and every temporary file where it is removed after the run.
  const env = { SPARK_LOCAL_IP: "127.0.0.1", TMPDIR: work, PYTHONNOUSERSITE: "1" };
  const running = spawnGuarded(spark.python, args, { ...files, env, cwd: work });
  return follow(sink, context, running, files);
}

/** `jdbc:clickhouse:http://host:port/database?options`. */
export function jdbcUrl(clickHouseUrl: string, table: string): string {
  const url = new URL(clickHouseUrl);
  url.pathname = table.split(".")[0]!;
  url.search = DRIVER_OPTIONS;
  return `jdbc:clickhouse:${url.href}`;
}

/** The driver's binary writer matches values to the table's columns by position: all are needed, in this order. */
async function readColumns({ clickHouseUrl, table }: PeerContext): Promise<string[]> {
  const client = connectClickHouse({ url: clickHouseUrl, user: undefined, password: undefined }, 1);
  try {
    const rows = await queryRows<{ name: string }>(client, `DESCRIBE TABLE ${table}`);
    return rows.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

/** Reads the lines that drain.py prints (its header names them) until the process ends. */
function follow(
  sink: Sink,
  context: PeerContext,
  running: GuardedProcess,
  files: { stdoutFile: string; stderrFile: string },
): RunningPeer {
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  let isOver = false;
  const readLines = async () => {
    // The last line may still be in the writing.
    const lines = (await readFile(files.stdoutFile, "utf8").catch(() => "")).split("\n").slice(0, -1);
    if (lines.includes("ready")) ready.resolve();
    if (sink === "noop" && countRows(lines) >= context.events) ended.resolve();
    return lines;
  };
  void (async () => {
    while (!isOver) {
      await readLines();
      await sleep(POLL_MS);
    }
  })();
  void running.exited.then(async ({ code, signal }) => {
    if (isOver) return;
    isOver = true;
    const failed = (await readLines()).find((line) => line.startsWith("failed "));
    const reason = failed === undefined ? await tailOf(files.stderrFile) : failedReason(failed);
    const text = `Spark ended with ${signal ?? `code ${code}`} before it had drained ${context.topic}:\n${reason}`;
    ended.reject(new MillraceError("E_INCOMPLETE", text));
  });
  return {
    pids: () => [running.child.pid!],
    ready: ready.promise,
    ended: ended.promise,
    async stop() {
      isOver = true;
      await running.stop(KILL_GRACE_MS);
      await untilGroupGone(running.child.pid!);
      return {};
    },
  };
}

/** Rows of all micro-batches that have ended. */
export function countRows(lines: readonly string[]): number {
  const prefix = "progress ";
  let rows = 0;
  for (const line of lines) {
    if (line.startsWith(prefix)) rows += (JSON.parse(line.slice(prefix.length)) as { rows: number }).rows;
  }
  return rows;
}

function failedReason(line: string): string {
  return (JSON.parse(line.slice("failed ".length)) as { error: string }).error;
}

/**
 * The JVM is a child of Python and dies with the process group, which is killed when Python is gone (spawnGuarded).
 * Waits for it: it must not write into a folder that is being removed, nor take CPU from the next run.
 */
async function untilGroupGone(pid: number): Promise<void> {
  for (const untilMs = performance.now() + GONE_MS; performance.now() < untilMs; await sleep(POLL_MS)) {
    try {
      process.kill(-pid, 0);
    } catch {
      return;
    }
  }
}
