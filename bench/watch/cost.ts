import { spawn } from "node:child_process";
import { join } from "node:path";
import { setInterval } from "node:timers";
import { drainBacklog } from "../common/drain-backlog.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { startBenchServers } from "../common/servers.ts";
import { fillTopic, simulatorDocuments } from "../e2e/topic.ts";
import { eventsInto } from "../growth/axes.ts";
import { startOwnClickHouse } from "../growth/own-clickhouse.ts";

const SEED = 20_261_129;
const TOPIC = { topic: "watch.backlog", partitions: 10 };
const PORT = 18_080;
/** As ops/prometheus has it. */
const SCRAPE_MS = 5_000;
/** A copy of the events' table, without its views. */
const table = "analytics.watch_backlog";

export interface CostRun {
  watched: boolean;
  figures: Record<string, number>;
}

/**
 * Drains the same backlog with and without an audience, in turns: the HTTP server with a page open and Prometheus' scrapes,
 * against a run that opens no port.
 */
export async function compareWatched(
  { events, rounds, entry }: { events: number; rounds: number; entry: string },
  note: (run: CostRun) => void,
): Promise<void> {
  const servers = await startBenchServers("embedded");
  const closers: (() => Promise<unknown>)[] = [() => servers.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const forget = closeOnSignal(close);
  try {
    const clickHouse = await startOwnClickHouse(entry);
    closers.push(() => clickHouse.close());
    await clickHouse.client.command({ query: `CREATE TABLE ${table} AS analytics.fact_event` });
    await fillTopic(servers.brokers, { ...TOPIC, events }, simulatorDocuments(events, SEED, "domain"));
    const pipeline = { name: "backlog", text: eventsInto("backlog", TOPIC.topic, table).text };
    const wish = { servers, clickHouse, topic: TOPIC.topic, events, table, pipeline };
    for (let round = 0; round < rounds; round++) {
      note({ watched: false, figures: await drainBacklog(wish) });
      const figures = await drainBacklog({ ...wish, args: ["--port", String(PORT)], onAssigned: watch });
      note({ watched: true, figures });
    }
  } finally {
    forget();
    await close();
  }
}

async function watch(): Promise<() => void> {
  const url = `http://127.0.0.1:${PORT}`;
  const scrape = async () => (await fetch(`${url}/metrics`)).text();
  if (!(await scrape()).includes("millrace_build_info")) throw new Error(`${url}/metrics is not Millrace's`);
  const timer = setInterval(() => void scrape().catch(() => {}), SCRAPE_MS);
  const script = join(import.meta.dirname, "watchers.ts");
  const watchers = spawn(process.execPath, [script, url, "one"], { stdio: ["pipe", "ignore", "inherit"] });
  return () => {
    clearInterval(timer);
    watchers.stdin.end();
  };
}
