import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import { MillraceError } from "../../src/core/errors.ts";
import { openCpuWindow } from "./cpu-window.ts";
import { waitForDrain } from "./drained.ts";
import { startIngester } from "./ingester.ts";

const DRAIN_MAX_MS = 180_000;
const POLL_MS = 50;

export interface BacklogDrain {
  servers: { brokers: string; admin: Admin };
  clickHouse: { url: string; pid: number; client: ClickHouseClient };
  /** Holds `events` records, all of them good. */
  topic: string;
  events: number;
  /** Emptied before. */
  table: string;
  /** The pipeline's file: `topic` into `table`. */
  pipeline: { name: string; text: string };
  /** `src/millrace.mjs` of another checkout; undefined: of this one. */
  entry?: string;
  /** More of `millrace start`'s options. */
  args?: readonly string[];
  /** Called when the ingester has its partitions; what it returns is called before the ingester is stopped. */
  onAssigned?(): Promise<() => void>;
}

/**
 * Drains a backlog with profile high of two vCPUs. The clock runs from the assignment of the partitions to the last commit.
 *
 * @throws MillraceError E_INCOMPLETE when a record is missing or doubled, or not all were drained in time.
 */
export async function drainBacklog(wish: BacklogDrain): Promise<Record<string, number>> {
  const { servers, clickHouse, topic, events, table, pipeline } = wish;
  await clickHouse.client.command({ query: `TRUNCATE TABLE ${table}` });
  const folder = await mkdtemp(join(tmpdir(), "millrace-backlog-"));
  await writeFile(join(folder, `${pipeline.name}.yaml`), pipeline.text);
  const groupId = `backlog.${process.pid}.${Date.now()}`;
  const ingester = await startIngester({
    env: { KAFKA_BROKERS: servers.brokers, CLICKHOUSE_URL: clickHouse.url },
    vcpus: 2,
    profile: "high",
    groupId,
    ...(wish.entry === undefined ? {} : { entry: wish.entry }),
    args: ["--pipelines", folder, "--pipeline", pipeline.name, ...(wish.args ?? [])],
  });
  try {
    await ingester.assigned;
    const leave = await wish.onAssigned?.();
    const startMs = Date.now();
    const window = await openCpuWindow({ clickhouse: clickHouse.pid, ingester: ingester.pid });
    const { lag } = await waitForDrain(servers.admin, groupId, [topic], DRAIN_MAX_MS, POLL_MS);
    const wallMs = Date.now() - startMs;
    const { clickhouse, ingester: used } = await window.read();
    leave?.();
    ingester.stop();
    const { stored, missing, duplicate } = await ingester.report;
    if (lag > 0 || stored !== events || missing !== 0 || duplicate !== 0) {
      const found = `${stored} were stored, ${missing} missing, ${duplicate} doubled`;
      throw new MillraceError("E_INCOMPLETE", `of ${events} events in ${topic} ${found}, and ${lag} were left`);
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
