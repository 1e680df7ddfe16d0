import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import type { TablePlan } from "../schema/plan.ts";
import { otherClusters, sharedTableText } from "../schema/writers.ts";

/**
 * Which target tables have rows of other clusters that nobody can tell from this one's. There a repeat must not look for
 * its rows by topic, partition and offset: it would take another cluster's rows for its own and leave its own out.
 */
export class SharedTables {
  readonly #client: ClickHouseClient;
  readonly #plans: readonly TablePlan[];
  readonly #log: Logger;
  readonly #shared = new Set<string>();

  constructor(client: ClickHouseClient, plans: readonly TablePlan[], log: Logger) {
    this.#client = client;
    this.#plans = plans;
    this.#log = log;
  }

  /** Looks once more: another cluster's ingester may have started since. Never rejects. */
  async refresh(): Promise<void> {
    for (const plan of this.#plans) {
      if (this.#shared.has(plan.table)) continue;
      try {
        const clusters = await otherClusters(this.#client, plan);
        if (clusters.length === 0) continue;
        this.#shared.add(plan.table);
        this.#log.warn({ table: plan.table }, `rows cannot be counted: ${sharedTableText(plan, clusters)}`);
      } catch (error) {
        this.#log.warn({ err: error, table: plan.table }, "cannot read which clusters write into the table");
      }
    }
  }

  has(table: string): boolean {
    return this.#shared.has(table);
  }
}
