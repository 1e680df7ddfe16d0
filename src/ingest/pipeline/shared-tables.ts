import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import type { Clock } from "../../core/clock.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { otherClusters, sharedTableText } from "./writers.ts";

/** So long what was read is believed: another cluster's ingester may have started since. */
const BELIEVED_MS = 60_000;

/**
 * Which target tables have rows of other clusters that nobody can tell from this one's. There a repeat must not look for
 * its rows by topic, partition and offset: it would take another cluster's rows for its own and leave its own out.
 */
export class SharedTables {
  readonly #client: ClickHouseClient;
  readonly #plans: readonly TablePlan[];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #shared = new Set<string>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(client: ClickHouseClient, plans: readonly TablePlan[], log: Logger, clock: Clock) {
    this.#client = client;
    this.#plans = plans;
    this.#log = log;
    this.#clock = clock;
  }

  /** An assignment begins, with ranges to repeat: the next question is answered by a new look. */
  doubt(): void {
    this.#lookedMs = Number.NEGATIVE_INFINITY;
  }

  /** Never rejects. */
  async has(table: string): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lookedMs > BELIEVED_MS) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
    }
    await this.#looking;
    return this.#shared.has(table);
  }

  async #look(): Promise<void> {
    this.#lookedMs = this.#clock.nowMs();
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
}
