import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";
import { findSpike, type MinuteFigures, type Spike, spikeText } from "./judge-spike.ts";

export interface SpikeReport {
  windowSeconds: number;
  minutes: MinuteFigures[];
  /** By p95 of `produce`: how long from the event to its record. The slowest first. */
  services: { service: string; p95Ms: number; records: number }[];
  spike: Spike | null;
  /** One sentence about all of it. */
  says: string;
}

const SERVICES_MAX = 5;
const MINUTE_MS = 60_000;

/**
 * What the stored histograms say about each minute of a window (S0-96). They are written every ten seconds, so that the
 * minute that runs is not whole, and is left out.
 *
 * @throws MillraceError E_CLICKHOUSE where the migrations were not applied.
 */
export async function readSpike(client: ClickHouseClient, windowMs: number): Promise<SpikeReport> {
  try {
    return await read(client, windowMs);
  } catch (error) {
    if (!isServerError(error, "UNKNOWN_TABLE", "UNKNOWN_FUNCTION", "UNKNOWN_DATABASE")) throw error;
    const absent = `${ownDatabase}.latency is not here: \`millrace migrate\` makes it, and the ingester fills it while it runs`;
    throw new MillraceError("E_CLICKHOUSE", absent, { cause: error });
  }
}

async function read(client: ClickHouseClient, windowMs: number): Promise<SpikeReport> {
  const [now] = await queryRows<{ ms: number }>(client, "SELECT toFloat64(toUnixTimestamp64Milli(now64(3))) AS ms");
  const toMs = Math.floor(now!.ms / MINUTE_MS) * MINUTE_MS;
  const fromMs = toMs - Math.max(1, Math.round(windowMs / MINUTE_MS)) * MINUTE_MS;
  const window = { from: fromMs / 1_000, to: toMs / 1_000 };
  const span = "from = fromUnixTimestamp64Milli({from:Int64} * 1000), to = fromUnixTimestamp64Milli({to:Int64} * 1000)";
  const rows = await queryRows<{ minute: string; stage: string; records: number; p95Ms: number }>(
    client,
    `SELECT formatDateTime(bucket, '%H:%i', 'UTC') AS minute, toString(stage) AS stage, toFloat64(total_cnt) AS records,
      toFloat64(p95_ms) AS p95Ms FROM ${ownDatabase}.latency_series(${span}, step = 60, by = '')
      WHERE total_cnt > 0 ORDER BY bucket, stage`,
    window,
  );
  const services = await queryRows<SpikeReport["services"][number]>(
    client,
    `SELECT service, toFloat64(p95_ms) AS p95Ms, toFloat64(total_cnt) AS records
      FROM ${ownDatabase}.latency(${span}, by = 'service')
      WHERE stage = 'produce' AND service != '' AND total_cnt > 0 ORDER BY p95Ms DESC, service LIMIT ${SERVICES_MAX}`,
    window,
  );
  const minutes = [...Map.groupBy(rows, ({ minute }) => minute)].map(([minute, stages]) => ({
    minute,
    eps: Math.round((stages.find(({ stage }) => stage === "pipeline")?.records ?? 0) / 60),
    p95Ms: Object.fromEntries(stages.map(({ stage, p95Ms }) => [stage, p95Ms])),
  }));
  const spike = findSpike(minutes);
  return {
    windowSeconds: (toMs - fromMs) / 1_000,
    minutes,
    services,
    spike: spike ?? null,
    says: spikeText(minutes, spike),
  };
}
