import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { pauseMs } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";
import { type ErrorCode, MillraceError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { readNewerSettings } from "../sink/insert-settings.ts";
import { trialInsert } from "../sink/trial-insert.ts";
import type { Failure } from "./failure.ts";

/** How long after a stop, and after many, it is tried again. */
const RETRY = { firstMs: 10_000, maxMs: 300_000 };
/** What no later state of the tables mends: to try it again would begin all others anew, and for nothing. */
const lastingCodes = new Set<ErrorCode>(["E_PLAN", "E_INCOMPLETE", "E_KAFKA"]);

/** A pipeline that was stopped by an error that no retry of an insert can help, while others went on. */
export interface StoppedPipeline {
  pipeline: string;
  table: string;
  topics: string[];
  reason: string;
}

export interface StoppedPlansOptions {
  plans: readonly TablePlan[];
  failure: Failure;
  clock: Clock;
  log: Logger;
  /** Asks whether the plan could go on. @throws what speaks against it. */
  examine(plan: TablePlan): Promise<void>;
  /** Other plans are stopped than before; `mended`: one goes on, from its committed offsets. */
  onChange(mended: TablePlan | undefined): void;
}

/** Whether the plan's tables would take its rows. @throws what the server says against it. */
export async function examinePlan(client: ClickHouseClient, plan: TablePlan): Promise<void> {
  const settings = { partitionsMax: undefined, newerSettings: await readNewerSettings(client) };
  for (const target of [plan, plan.deadLetters]) await trialInsert(client, target, settings);
}

/**
 * Plans that are stopped, one by one. Their partitions are not fetched, what was taken of them is let go and stays
 * uncommitted. Now and then their tables are asked; when these would take rows again, the plan begins anew. One whose error
 * is not its tables' stays stopped.
 *
 * When the last one stops, or the only one, the run has failed.
 */
export class StoppedPlans {
  readonly #options: StoppedPlansOptions;
  readonly #stopped = new Map<TablePlan, Error>();
  /** Stops in a row, without a stored range between. */
  readonly #stops = new Map<TablePlan, number>();
  readonly #timers = new Map<TablePlan, () => void>();

  constructor(options: StoppedPlansOptions) {
    this.#options = options;
  }

  stop(plan: TablePlan, error: unknown): void {
    const { plans, failure, log, onChange } = this.#options;
    // When the run has failed, every range ends with that.
    if (this.#stopped.has(plan) || failure.first !== undefined) return;
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#stopped.set(plan, reason);
    if (plans.every((each) => this.#stopped.has(each))) {
      failure.fail(reason);
      return;
    }
    const { pipeline, table, topics } = plan;
    const about = { pipeline, table, topics, reason: reason.message };
    const text =
      "this pipeline is stopped, the others go on: its records stay in Kafka, uncommitted, and are read when";
    if (reason instanceof MillraceError && lastingCodes.has(reason.code)) {
      log.error(about, `${text} the cause is mended and you start again`);
    } else {
      const stops = (this.#stops.get(plan) ?? 0) + 1;
      this.#stops.set(plan, stops);
      const retryMs = pauseMs(stops, RETRY);
      log.error({ ...about, retryMs }, `${text} its table takes them again`);
      this.#retryAfter(plan, stops);
    }
    onChange(undefined);
  }

  /** A range of it was stored. */
  noteStored(plan: TablePlan): void {
    if (this.#stops.size > 0 && !this.#stopped.has(plan)) this.#stops.delete(plan);
  }

  isStopped(plan: TablePlan): boolean {
    return this.#stopped.has(plan);
  }

  get list(): StoppedPipeline[] {
    return [...this.#stopped].map(([{ pipeline, table, topics }, { message }]) => ({
      ...{ pipeline, table, topics },
      reason: redact(message),
    }));
  }

  /** Nothing is tried any more. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #retryAfter(plan: TablePlan, stops: number): void {
    const cancel = this.#options.clock.after(pauseMs(stops, RETRY), () => void this.#retry(plan, stops + 1));
    this.#timers.set(plan, cancel);
  }

  /** @param stops how many it counts if its tables still take nothing */
  async #retry(plan: TablePlan, stops: number): Promise<void> {
    const { examine, failure, log, onChange } = this.#options;
    try {
      await examine(plan);
    } catch (error) {
      const retryMs = pauseMs(stops, RETRY);
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ pipeline: plan.pipeline, table: plan.table, reason, retryMs }, "this pipeline is still stopped");
      if (this.#timers.has(plan)) this.#retryAfter(plan, stops);
      return;
    }
    if (!this.#timers.delete(plan) || failure.first !== undefined) return;
    this.#stopped.delete(plan);
    log.info({ pipeline: plan.pipeline, table: plan.table }, "the table takes rows again: this pipeline goes on");
    onChange(plan);
  }
}
