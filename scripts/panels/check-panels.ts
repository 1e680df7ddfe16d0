import type { ClickHouseClient } from "@clickhouse/client";
import { connectClickHouse } from "../../src/clients/clickhouse/connect.ts";
import { type DashboardRow, panelsOf } from "../dashboards/dashboard-row.ts";
import { dashboards } from "../dashboards/dashboards.ts";
import { isSql, type PanelRow, type Query } from "../dashboards/panel-row.ts";
import type { VariableRow } from "../dashboards/variables.ts";
import { type Agreement, compareTellers, untilAllHaveAll } from "./agreement.ts";
import { type Answer, askClickHouse, askPrometheus } from "./answer.ts";
import { expandPromql } from "./expand-promql.ts";
import { expandSql, type Surroundings } from "./expand-sql.ts";
import { judge } from "./judge.ts";
import { sendOddEvents } from "./odd-events.ts";
import { scrapeIntervalS } from "./prometheus.ts";
import { type RealRun, startRealRun } from "./real-run.ts";
import { until } from "./until.ts";

/** One query of one panel, and what came of it. */
export interface Finding {
  dashboard: string;
  panel: string;
  query: Query;
  /** Absent: the source refused it. */
  answer?: Answer;
  wrong: readonly string[];
}

export interface Checked {
  findings: Finding[];
  agreements: Agreement[];
  metricsText: string;
}

/** Grafana makes it at least four scrapes; a busy machine misses some of them. */
const rateIntervalS = 15 * scrapeIntervalS;

/** Starts a run with all that panels show, and asks every panel of every dashboard. */
export async function checkPanels(say: (text: string) => void): Promise<Checked> {
  say("starting ClickHouse, a broker, the ingester with its simulator, and Prometheus");
  const run = await startRealRun();
  const client = connectClickHouse({ url: run.clickHouseUrl, user: "grafana_user", password: undefined }, 4);
  try {
    const scrapedFromMs = await untilAllHasHappened(run, client, say);
    const asked = { run, client, scrapedFromMs };
    const findings: Finding[] = [];
    for (const dashboard of dashboards) findings.push(...(await checkDashboard(dashboard, asked)));
    say("stopping the simulator, and waiting until everything that was measured is stored and scraped");
    await run.stopSimulator();
    await untilAllHaveAll(run, client);
    const agreements = await compareTellers(run, client);
    const metricsText = await (await fetch(`${run.ingesterUrl}/metrics`)).text();
    return { findings, agreements, metricsText };
  } finally {
    await client.close();
    await run.close();
  }
}

/** The run, and since when Prometheus has its figures. */
interface Asked {
  run: RealRun;
  client: ClickHouseClient;
  scrapedFromMs: number;
}

/**
 * Waits for events, not for times: rows, dead letters, an outage that ended, and figures that are written now and then.
 * Returns since when Prometheus has scraped.
 */
async function untilAllHasHappened(
  run: RealRun,
  client: ClickHouseClient,
  say: (text: string) => void,
): Promise<number> {
  const count = async (query: string) => (await askClickHouse(client, query)).numbers.n![0]!;
  const scrapes = async () => {
    const seen = await askPrometheus(run.prometheusUrl, "count_over_time(millrace_ready[1h])", Date.now(), undefined);
    return seen.numbers["*"]?.[0] ?? 0;
  };
  await until("Prometheus has scraped twice", async () => (await scrapes()) > 1);
  const scrapedFromMs = Date.now();
  await until("2,000 rows are stored", async () => (await run.sample("millrace_stored_rows_total")) > 2_000);
  await run.refreshDimensions();
  await sendOddEvents(run.kafkaBrokers);
  say("taking ClickHouse away, until an insert has failed three times");
  await run.loseClickHouse(async () => (await run.sample("millrace_insert_errors_total")) >= 3);
  const before = await run.sample("millrace_stored_rows_total");
  await until(
    "2,000 more are stored after the outage",
    async () => (await run.sample("millrace_stored_rows_total")) > before + 2_000,
  );
  await until("the ingester is ready", async () => (await run.sample("millrace_ready")) === 1);
  await until(
    "latencies are stored",
    async () => (await count("SELECT count() AS n FROM analytics.millrace_latency")) > 0,
  );
  say("waiting until ClickHouse has logged our queries and Prometheus has seen all");
  await until(
    "ClickHouse has logged queries of grafana_user",
    async () => (await count("SELECT count() AS n FROM system.query_log WHERE user = 'grafana_user'")) > 0,
  );
  const scraped = await scrapes();
  await until(
    "Prometheus has scraped long enough for its rates",
    async () => (await scrapes()) > Math.max(rateIntervalS, scraped + 1),
  );
  return scrapedFromMs;
}

async function checkDashboard(dashboard: DashboardRow, asked: Asked): Promise<Finding[]> {
  // Up to the end of the minute that has only begun: it counts as over.
  const toMs = Date.now() + 61_000;
  const common = { fromMs: asked.run.startedMs - 60_000, toMs, chosen: chosenOf(dashboard.variables) };
  const findings: Finding[] = [];
  for (const panel of [...choicesOf(dashboard), ...panelsOf(dashboard)]) {
    for (const query of panel.queries) {
      const surroundings = { ...common, intervalS: intervalOf(panel) };
      const finding = { dashboard: dashboard.name, panel: panel.title, query };
      try {
        const answer = await ask(panel, query, surroundings, asked);
        findings.push({ ...finding, answer, wrong: judge(query, answer) });
      } catch (error) {
        findings.push({ ...finding, wrong: [`is refused: ${(error as Error).message}`] });
      }
    }
  }
  return findings;
}

async function ask(
  panel: Pick<PanelRow, "view">,
  query: Query,
  surroundings: Surroundings,
  { run, client, scrapedFromMs }: Asked,
): Promise<Answer> {
  if (isSql(query)) {
    const chosen = { ...surroundings.chosen, ...someOf(surroundings.chosen) };
    await askClickHouse(client, expandSql(query.sql, { ...surroundings, chosen }));
    return askClickHouse(client, expandSql(query.sql, surroundings));
  }
  const promql = expandPromql(query.promql, surroundings, rateIntervalS);
  const isCourse = panel.view === "series" || panel.view === "heatmap";
  const range = isCourse ? { fromMs: scrapedFromMs, stepS: 5 } : undefined;
  return askPrometheus(run.prometheusUrl, promql, Date.now(), range);
}

/** What a dashboard lets one choose from, asked as if it were a panel. */
function choicesOf({ variables }: DashboardRow): Pick<PanelRow, "title" | "view" | "queries" | "interval">[] {
  return variables.flatMap((row) => {
    if ("choices" in row) return [];
    const expect = { rows: row.values };
    const query: Query =
      "sql" in row
        ? { sql: row.sql, expect }
        : { promql: `group by (${row.labelValues[1]}) (${row.labelValues[0]})`, legend: "", expect };
    return [{ title: `choice of ${row.name}`, view: "table", queries: [query] }];
  });
}

/** Some values of each variable instead of all; two, one of which needs to be quoted. */
function someOf(chosen: Surroundings["chosen"]): Surroundings["chosen"] {
  const alls = Object.entries(chosen).filter(([, values]) => values === "all");
  return Object.fromEntries(alls.map(([name]) => [name, ["auth", "it's"]]));
}

/** What is chosen when a dashboard opens. */
function chosenOf(variables: readonly VariableRow[]): Surroundings["chosen"] {
  return Object.fromEntries(variables.map((row) => [row.name, "choices" in row ? [row.chosen] : "all"]));
}

/** A chart is wide enough for a second of this range: its own least interval decides. */
function intervalOf({ interval = "1s" }: Pick<PanelRow, "interval">): number {
  const [, count, unit] = /^(\d+)([sm])$/.exec(interval)!;
  return Number(count) * (unit === "m" ? 60 : 1);
}
