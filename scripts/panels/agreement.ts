import type { ClickHouseClient } from "@clickhouse/client";
import type { ConsoleState } from "../../src/server/console/console-state.ts";
import { metricBoundsMs } from "../../src/telemetry/stage-buckets.ts";
import { stages } from "../../src/telemetry/stages.ts";
import { askPrometheus } from "./answer.ts";
import type { RealRun } from "./real-run.ts";
import { until } from "./until.ts";

/** Who says how late a stage is. */
export const tellers = ["SQL", "millrace latency", "/api/status", "console", "Prometheus"] as const;
export type Teller = (typeof tellers)[number];

/** p95 of a stage since the start of the run, in ms, by each of them. All have the same records: nothing moves any more. */
export interface Agreement {
  stage: string;
  records: number;
  p95Ms: Readonly<Record<Teller, number>>;
  wrong: readonly string[];
}

/** What SQL knows of a stage. The records before and after the one at p95: between them tellers may take another. */
interface Stored {
  records: number;
  p95: number;
  before: number;
  after: number;
}

/** Asks all of them. The run stands still, and what it has measured is stored and scraped (`untilAllHaveAll`). */
export async function compareTellers(run: RealRun, client: ClickHouseClient): Promise<Agreement[]> {
  const [sql, cli, status, page, prometheus] = await Promise.all([
    fromSql(client, run.startedMs),
    fromCommand(run),
    fromStatus(run),
    fromConsole(run),
    fromPrometheus(run),
  ]);
  return stages.map((stage) => {
    const p95Ms = {
      SQL: sql.get(stage)!.p95,
      "millrace latency": cli.get(stage)!,
      "/api/status": status.get(stage)!,
      console: page.get(stage)!,
      Prometheus: prometheus.get(stage)!,
    };
    return { stage, records: sql.get(stage)!.records, p95Ms, wrong: disagreements(p95Ms, sql.get(stage)!) };
  });
}

/**
 * The first three read the same histograms. The buckets of the console and of Prometheus are 5 % wide: what is interpolated in
 * one is off by that much where all its records lie at one end. The console's figure is rounded to whole milliseconds, too.
 */
export function disagreements(
  p95Ms: Agreement["p95Ms"],
  { before, after }: Pick<Stored, "before" | "after">,
): string[] {
  const bounds: Record<Teller, readonly [least: number, most: number]> = {
    SQL: [before, after],
    "millrace latency": [before, after],
    "/api/status": [before, after],
    console: [before * 0.95 - 1, after * 1.05 + 1],
    Prometheus: [
      metricBoundsMs.findLast((bound) => bound < before) ?? 0,
      metricBoundsMs.find((bound) => bound >= after) ?? Number.POSITIVE_INFINITY,
    ],
  };
  return tellers
    .filter((teller) => !(p95Ms[teller] >= bounds[teller][0] && p95Ms[teller] <= bounds[teller][1]))
    .map((teller) => `${teller} says ${p95Ms[teller]} ms, which has to lie between ${bounds[teller].join(" and ")}`);
}

/** Resolves when nothing is unread, and ClickHouse and Prometheus have every record that the ingester has measured. */
export async function untilAllHaveAll(run: RealRun, client: ClickHouseClient): Promise<void> {
  const measured = () => run.sample("millrace_stage_latency_seconds_count");
  const scraped = async () =>
    (await askPrometheus(run.prometheusUrl, "sum(millrace_stage_latency_seconds_count)", Date.now(), undefined))
      .numbers["*"]?.[0];
  await until("nothing is unread", async () => (await run.sample("millrace_lag_records")) === 0);
  await until("ClickHouse and Prometheus have what the ingester has measured", async () => {
    const stored = await fromSql(client, run.startedMs);
    const sum = [...stored.values()].reduce((total, { records }) => total + records, 0);
    return sum === (await measured()) && sum === (await scraped());
  });
}

async function fromSql(client: ClickHouseClient, sinceMs: number): Promise<Map<string, Stored>> {
  const result = await client.query({
    query: `WITH toUInt64(total_cnt * 0.95) AS rank, arrayCumSum(counts) AS running
      SELECT stage, toFloat64(total_cnt) AS records, p95_ms AS p95,
        bounds[arrayFirstIndex(n -> n >= greatest(rank, 2) - 1, running)] AS before,
        bounds[arrayFirstIndex(n -> n >= least(rank + 2, total_cnt), running)] AS after
      FROM analytics.latency(from = fromUnixTimestamp64Milli(${sinceMs}), to = now64(3) + 1, by = '')`,
    format: "JSONEachRow",
  });
  const rows = await result.json<Stored & { stage: string }>();
  return new Map(rows.map((row) => [row.stage, row]));
}

async function fromCommand(run: RealRun) {
  const rows = JSON.parse(await run.millrace(["latency", "--since", "1h", "--json"])) as {
    stage: string;
    p95: number;
  }[];
  return new Map(rows.map(({ stage, p95 }) => [stage, p95]));
}

async function fromStatus({ ingesterUrl }: RealRun) {
  const status = (await (await fetch(`${ingesterUrl}/api/status`)).json()) as {
    run: { latencyMs: Record<string, { p95: number }> };
  };
  return new Map(Object.entries(status.run.latencyMs).map(([stage, { p95 }]) => [stage, p95]));
}

/** The first event of the page's stream, as the page gets it: its quarter of an hour reaches back to the start. */
async function fromConsole({ ingesterUrl }: RealRun) {
  const response = await fetch(`${ingesterUrl}/api/stream`);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n\n")) break;
  }
  const { run } = JSON.parse(/^data: (.*)$/m.exec(text)![1]!) as ConsoleState;
  return new Map(run!.stages.map(({ stage, window }) => [stage as string, window?.p95 ?? Number.NaN]));
}

async function fromPrometheus({ prometheusUrl }: RealRun) {
  const query = "1000 * histogram_quantile(0.95, sum by (stage, le) (millrace_stage_latency_seconds_bucket))";
  const { labels, numbers } = await askPrometheus(prometheusUrl, query, Date.now(), undefined);
  return new Map(labels!.map(({ stage }, index) => [stage!, numbers["*"]![index]!]));
}
