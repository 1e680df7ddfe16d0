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

const PARTITIONS = [10, 256];
const SEED = 20_260_104;
const DRAIN_MAX_MS = 180_000;
const POLL_MS = 50;
/** A copy of the events' table without its views and without columns that only one of the two programs knows. */
const table = "analytics.growth_backlog";

/**
 * Both programs drain the same topics, from the same servers, into an empty table, in turns. The clock runs from the
 * assignment of the partitions to the last commit.
 */
export async function drainBacklogs(
  entries: readonly { checkout: "old" | "new"; entry: string }[],
  { events, rounds, log }: CompareWish,
  note: (run: CheckoutRun) => Promise<void>,
): Promise<void> {
  const servers = await startBenchServers("embedded");
  const forget = closeOnSignal(servers.close);
  try {
    await servers.client.command({ query: `CREATE TABLE ${table} AS analytics.fact_event` });
    for (const partitions of PARTITIONS) {
      log(`filling ${partitions} partitions with ${events} events`);
      const wish = { topic: `growth.backlog.${partitions}`, partitions, events };
      await fillTopic(servers.brokers, wish, simulatorDocuments(events, SEED, "domain"));
    }
    for (let round = 0; round < rounds; round++) {
      for (const partitions of PARTITIONS) {
        for (const { checkout, entry } of entries) {
          const figures = await drain(servers, entry, partitions, events);
          await note({ what: `backlog of ${partitions}`, checkout, figures });
        }
      }
    }
  } finally {
    forget();
    await servers.close();
  }
}

async function drain(
  servers: BenchServers,
  entry: string,
  partitions: number,
  events: number,
): Promise<Record<string, number>> {
  await servers.emptyTables();
  const topic = `growth.backlog.${partitions}`;
  const folder = await mkdtemp(join(tmpdir(), "millrace-backlog-"));
  await writeFile(join(folder, "backlog.yaml"), eventsInto("backlog", topic, table).text);
  const groupId = `backlog.${process.pid}.${Date.now()}`;
  const ingester = await startIngester({
    env: servers.env,
    vcpus: 2,
    profile: "high",
    groupId,
    entry,
    args: ["--pipelines", folder, "--pipeline", "backlog"],
  });
  try {
    await ingester.assigned;
    const startMs = Date.now();
    const window = await openCpuWindow({ clickhouse: servers.clickHousePid, ingester: ingester.pid });
    const { lag } = await waitForDrain(servers.admin, groupId, [topic], DRAIN_MAX_MS, POLL_MS);
    const wallMs = Date.now() - startMs;
    const { clickhouse, ingester: own } = await window.read();
    ingester.stop();
    const { stored, missing, duplicate } = await ingester.report;
    if (lag > 0 || stored !== events || missing !== 0 || duplicate !== 0) {
      const found = `${stored} were stored, ${missing} missing, ${duplicate} doubled`;
      throw new MillraceError("E_INCOMPLETE", `${entry}: of ${events} events in ${partitions} partitions ${found}`);
    }
    const micros = (seconds: number) => Math.round((seconds * 1e8) / events) / 100;
    return {
      "rows/s": Math.round((events * 1_000) / wallMs),
      "CPU µs an event": micros(clickhouse.cpuSeconds + own.cpuSeconds),
      "ingester CPU µs": micros(own.cpuSeconds),
      "ingester MiB": own.rssMiBMax,
    };
  } finally {
    ingester.stop();
    await ingester.report.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}
