import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import type { Logger } from "pino";
import { type PartitionOffsets, readOffsets } from "../../clients/kafka/offsets.ts";
import { counted } from "../../core/counted.ts";
import type { Origin } from "../../core/origin.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { otherClusters } from "../../ingest/pipeline/writers.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { newReconciliationFigures, type ReconciliationFigures } from "../../telemetry/reconciliation.ts";
import { type PartitionBalance, reconcile, sumBalances } from "./reconcile.ts";
import { uncountableMissing, uncountableRows, withoutExpired } from "./reconcile-limits.ts";
import { estimateRows } from "./reconcile-subject.ts";
import { type ReconcileTarget, requireReconcileTarget } from "./reconcile-target.ts";
import type { PartitionSection } from "./reconcile-windows.ts";

export interface ReconciliationOptions {
  admin: Admin;
  client: ClickHouseClient;
  plans: TablePlan[];
  origin: Origin;
  log: Logger;
  /** Default: five minutes. */
  everyMs?: number;
}

export interface PeriodicReconciliation {
  readonly figures: ReconciliationFigures;
  /** Compares now what was committed since the last time. Never rejects. */
  check(): Promise<void>;
  /** Resolves when no request is under way any more. */
  stop(): Promise<void>;
}

const EVERY_MS = 300_000;
const SPANS_MAX = 3;

/**
 * A check that would read more than this many rows, and more than this many for each offset compared, costs too much: the
 * table is compared no more.
 */
const ROWS_MAX = 50_000_000;
const ROWS_PER_OFFSET_MAX = 20;

interface Progress {
  /** Offsets below this were compared twice; what was found there stays in the figures. */
  settled: number;
  /** Offsets below this were compared once. */
  fresh: number;
}

/**
 * Every few minutes, compares what the group has committed with the rows in the tables, and logs what is missing or
 * doubled. It begins at the offsets that are committed now; `millrace reconcile` compares older ones.
 *
 * Each offset is compared in two successive checks, because a stale owner that doubles rows does so some time after the
 * commit. A check never throws, and only one runs at a time.
 */
export function startReconciliation(options: ReconciliationOptions): PeriodicReconciliation {
  const { plans, log } = options;
  const figures = newReconciliationFigures();
  const progress = new Map<string, Progress>();
  const settled = { missing: 0, duplicate: 0 };
  const comparable = plans.filter((plan) => uncountableRows(plan) === undefined);
  const targets = comparable.map((plan) => ({ plan, target: requireReconcileTarget(plan) }));
  const tooCostly = new Set<ReconcileTarget>();
  let running: Promise<void> | undefined;
  for (const plan of plans) {
    const reason = uncountableRows(plan) ?? uncountableMissing(plan);
    if (reason !== undefined) log.info({ table: plan.table }, `${plan.table}: ${reason}`);
  }

  async function begin(): Promise<void> {
    for (const offsets of await readGroup(options)) {
      const start = offsets.committed ?? offsets.logStart;
      progress.set(partitionKey(offsets), { settled: start, fresh: start });
    }
  }

  async function checkOnce(): Promise<void> {
    const now = await readGroup(options);
    const fresh = { missing: 0, duplicate: 0 };
    for (const { plan, target } of targets) {
      if (tooCostly.has(target) || (await otherClusters(options.client, plan)).length > 0) continue;
      const own = now.filter(({ topic }) => target.topics.includes(topic));
      const again = sectionsOf(own, (at) => [at.settled, at.fresh]);
      const next = sectionsOf(own, (at, committed) => [at.fresh, committed]);
      if (await isTooCostly(target, [...next, ...again])) continue;
      // Both are compared before either is counted, so that a check that fails half-way can be made again.
      const [first, second] = [await compare(plan, target, again), await compare(plan, target, next)];
      settled.missing += first.missing;
      settled.duplicate += first.duplicate;
      fresh.missing += second.missing;
      fresh.duplicate += second.duplicate;
      figures.checkedOffsets += second.expected;
      for (const { topic, partition, end } of next) {
        const key = partitionKey({ topic, partition });
        progress.set(key, { settled: progress.get(key)!.fresh, fresh: end });
        figures.checkedTo[key] = end;
      }
    }
    figures.missing = settled.missing + fresh.missing;
    figures.duplicate = settled.duplicate + fresh.duplicate;
    figures.checks += 1;
    figures.checkedToMs = Date.now();
  }

  /** One section a partition; new partitions begin at the start of their logs. */
  function sectionsOf(
    offsets: readonly PartitionOffsets[],
    bounds: (at: Progress, committed: number) => [number, number],
  ): PartitionSection[] {
    return offsets.map(({ topic, partition, logStart, committed }) => {
      const key = partitionKey({ topic, partition });
      if (!progress.has(key)) progress.set(key, { settled: logStart, fresh: logStart });
      const at = progress.get(key)!;
      const [first, end] = bounds(at, Math.max(committed ?? at.fresh, at.fresh));
      return { topic, partition, first, end };
    });
  }

  async function isTooCostly(target: ReconcileTarget, sections: PartitionSection[]): Promise<boolean> {
    const compared = sections.filter(({ first, end }) => end > first);
    const offsets = compared.reduce((sum, { first, end }) => sum + end - first, 0);
    if (offsets === 0) return false;
    const rows = (await estimateRows(options.client, target, compared)) ?? 0;
    if (rows <= Math.max(ROWS_MAX, offsets * ROWS_PER_OFFSET_MAX)) return false;
    tooCostly.add(target);
    log.warn({ table: target.facts.table, rows, offsets }, costText(target, rows));
    return true;
  }

  async function compare(plan: TablePlan, target: ReconcileTarget, sections: PartitionSection[]) {
    const { origin, client } = options;
    const found = await reconcile(client, target, sections, { origin, spansMax: SPANS_MAX });
    const { balances } = withoutExpired(plan, found);
    for (const balance of balances) if (balance.missing + balance.duplicate > 0) report(target, balance);
    return sumBalances(balances);
  }

  function report(target: ReconcileTarget, balance: PartitionBalance): void {
    const { topic, partition, first, end, missing, duplicate, spans } = balance;
    log.error(
      {
        topic,
        partition,
        firstOffset: first,
        lastOffset: end - 1,
        missing,
        duplicate,
        spans,
        table: target.facts.table,
      },
      `${topic}:${partition}: ${counted(missing, "record")} missing, ${counted(duplicate, "row")} doubled; millrace reconcile shows more`,
    );
  }

  function check(): Promise<void> {
    running ??= started
      .then(checkOnce)
      .catch((error) => {
        figures.failures += 1;
        log.warn({ err: error }, "reconciliation failed; the next check compares the same offsets");
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  const started = begin().catch((error) => {
    log.warn({ err: error }, "the committed offsets cannot be read: reconciliation begins at the start of the logs");
  });
  const timer = setInterval(check, options.everyMs ?? EVERY_MS);
  timer.unref();
  return {
    figures,
    check,
    async stop() {
      clearInterval(timer);
      await started;
      await running;
    },
  };
}

function costText({ facts: { table, offset } }: ReconcileTarget, rows: number): string {
  const remedy = `ALTER TABLE ${table} ADD INDEX kafka_offset_range ${offset} TYPE minmax GRANULARITY 1`;
  return `not compared with Kafka every few minutes: each check would read ${rows} rows; to make it cheap: ${remedy}`;
}

function readGroup({ admin, origin, plans }: ReconciliationOptions): Promise<PartitionOffsets[]> {
  return readOffsets(
    admin,
    origin.group,
    plans.flatMap(({ topics }) => topics),
  );
}
