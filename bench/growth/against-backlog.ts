import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "../../src/core/errors.ts";
import { openCpuWindow } from "../common/cpu-window.ts";
import { waitForDrain } from "../common/drained.ts";
import { startIngester } from "../common/ingester.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { type BenchServers, startBenchServers } from "../common/servers.ts";
import { fillTopic, simulatorDocuments } from "../e2e/topic.ts";
import { eventsInto } from "./axes.ts";
import type { CheckoutRun, CompareWish } from "./checkout-run.ts";
import { type OwnClickHouse, startOwnClickHouse } from "./own-clickhouse.ts";

const PARTITIONS = [10, 256];
const SEED = 20_260_104;
const DRAIN_MAX_MS = 180_000;
const POLL_MS = 50;
/** A copy of the events' table, without its views. */
const table = "analytics.growth_backlog";

interface Program {
  checkout: "old" | "new";
  entry: string;
  clickHouse: OwnClickHouse;
}

/**
 * Both programs drain the same topics, each into an empty table of its own ClickHouse, in turns. The clock runs from the
 * assignment of the partitions to the last commit.
 */
export async function drainBacklogs(
  entries: readonly Pick<Program, "checkout" | "entry">[],
  { events, rounds, log }: CompareWish,
  note: (run: CheckoutRun) => Promise<void>,
): Promise<void> {
  const servers = await startBenchServers("embedded");
  const programs: Program[] = [];
  const close = async () => {
    for (const { clickHouse } of programs) await clickHouse.close();
    await servers.close();
  };
  const forget = closeOnSignal(close);
  try {
    for (const program of entries) {
      const clickHouse = await startOwnClickHouse(program.entry);
      programs.push({ ...program, clickHouse });
      await clickHouse.client.command({ query: `CREATE TABLE ${table} AS analytics.fact_event` });
    }
    for (const partitions of PARTITIONS) {
      log(`filling ${partitions} partitions with ${events} events`);
      const wish = { topic: `growth.backlog.${partitions}`, partitions, events };
      await fillTopic(servers.brokers, wish, simulatorDocuments(events, SEED, "domain"));
    }
    for (let round = 0; round < rounds; round++) {
      for (const partitions of PARTITIONS) {
        for (const program of programs) {
          const figures = await drain(servers, program, partitions, events);
          await note({ what: `backlog of ${partitions}`, checkout: program.checkout, figures });
        }
      }
    }
  } finally {
    forget();
    await close();
  }
}

async function drain(
  servers: BenchServers,
  { entry, clickHouse: own }: Program,
  partitions: number,
  events: number,
): Promise<Record<string, number>> {
  await own.client.command({ query: `TRUNCATE TABLE ${table}` });
  const topic = `growth.backlog.${partitions}`;
  const folder = await mkdtemp(join(tmpdir(), "millrace-backlog-"));
  await writeFile(join(folder, "backlog.yaml"), eventsInto("backlog", topic, table).text);
  const groupId = `backlog.${process.pid}.${Date.now()}`;
  const ingester = await startIngester({
    env: { KAFKA_BROKERS: servers.brokers, CLICKHOUSE_URL: own.url },
    vcpus: 2,
    profile: "high",
    groupId,
    entry,
    args: ["--pipelines", folder, "--pipeline", "backlog"],
  });
  try {
    await ingester.assigned;
    const startMs = Date.now();
    const window = await openCpuWindow({ clickhouse: own.pid, ingester: ingester.pid });
    const { lag } = await waitForDrain(servers.admin, groupId, [topic], DRAIN_MAX_MS, POLL_MS);
    const wallMs = Date.now() - startMs;
    const { clickhouse, ingester: used } = await window.read();
    ingester.stop();
    const { stored, missing, duplicate } = await ingester.report;
    if (lag > 0 || stored !== events || missing !== 0 || duplicate !== 0) {
      const found = `${stored} were stored, ${missing} missing, ${duplicate} doubled`;
      throw new MillraceError("E_INCOMPLETE", `${entry}: of ${events} events in ${partitions} partitions ${found}`);
    }
    const micros = (seconds: number) => Math.round((seconds * 1e8) / events) / 100;
    return {
      "rows/s": Math.round((events * 1_000) / wallMs),
      "CPU µs an event": micros(clickhouse.cpuSeconds + used.cpuSeconds),
      "ingester CPU µs": micros(used.cpuSeconds),
      "ingester MiB": used.rssMiBMax,
    };
  } finally {
    ingester.stop();
    await ingester.report.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}
