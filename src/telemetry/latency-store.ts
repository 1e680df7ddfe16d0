import type { ClickHouseClient } from "@clickhouse/client";
import { encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { ownDatabase } from "../config/own-database.ts";
import type { Origin } from "../core/origin.ts";
import { eachValue } from "./histogram-values.ts";
import { type StageCounts, type StageTable, summarise } from "./stages.ts";

export const latencyTable = `${ownDatabase}.millrace_latency`;

/** Whose latency it is: the same in all rows of a process. */
export interface LatencyLabels {
  instance: string;
  origin: Origin;
  profile: string;
  vcpus: number;
}

/** Flushes that are kept for a server that takes none: five minutes. While it is away little is recorded. */
const KEPT_MAX = 30;

interface Flush {
  token: string;
  values: Record<string, unknown>[];
}

/**
 * Writes one row per pipeline, stage and group: the quantiles for people, the buckets for ClickHouse and the HDR V2 payload
 * for other programs, so that any window and any set of instances can be merged afterwards without averaging quantiles.
 *
 * Each flush has a token of its own. One whose insert failed, maybe after it was stored, is sent again under it, and counts
 * once.
 */
export class LatencyStore {
  readonly #client: ClickHouseClient;
  readonly #labels: LatencyLabels;
  #kept: Flush[] = [];
  #sending: Promise<void> | undefined;

  constructor(client: ClickHouseClient, labels: LatencyLabels) {
    this.#client = client;
    this.#labels = labels;
  }

  /**
   * One insert at a time: a flush that comes while a server is slow waits for its turn.
   *
   * @param tables of a span that ends at `tsMs`, by pipeline
   * @throws what the client throws; nothing is lost by it until there are too many.
   */
  flush(tables: ReadonlyMap<string, StageTable>, tsMs: number): Promise<void> {
    const values = [...tables].flatMap(([pipeline, table]) => rowsOf(table, pipeline, this.#labels, tsMs));
    if (values.length > 0) this.#kept.push({ token: `latency:${this.#labels.instance}:${tsMs}`, values });
    this.#kept = this.#kept.slice(-KEPT_MAX);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let flush = this.#kept[0]; flush !== undefined; flush = this.#kept[0]) {
      await this.#client.insert({
        table: latencyTable,
        values: flush.values,
        format: "JSONEachRow",
        clickhouse_settings: { async_insert: 0, insert_deduplication_token: flush.token },
      });
      this.#kept = this.#kept.filter((kept) => kept !== flush);
    }
  }
}

function rowsOf(table: StageTable, pipeline: string, labels: LatencyLabels, tsMs: number): Flush["values"] {
  const { instance, origin, profile, vcpus } = labels;
  // As text: with a number, ClickHouse takes a value with a point for seconds and one without for milliseconds.
  const ts = new Date(tsMs).toISOString().replace("T", " ").replace("Z", "");
  const whose = { instance, pipeline, kafka_cluster: origin.cluster, kafka_group: origin.group, profile, vcpus };
  return [...table.entries()].map(({ stage, group, counts }) => ({ ts, ...whose, stage, group, ...columnsOf(counts) }));
}

function columnsOf(stageCounts: StageCounts) {
  const { p50, p90, p95, p99, max, count, skewed } = summarise(stageCounts);
  const [bounds, counts]: [number[], number[]] = [[], []];
  eachValue(stageCounts.histogram, (bound, records) => {
    bounds.push(bound);
    counts.push(records);
  });
  const histogram = encodeIntoCompressedBase64(stageCounts.histogram);
  return { count, skewed, p50, p90, p95, p99, max, histogram, bounds, counts };
}
