import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import { type PartitionOffsets, readOffsets } from "../../clients/kafka/offsets.ts";
import { readOffsetsAt } from "../../clients/kafka/offsets-at.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Origin } from "../../core/origin.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { offsetsOf, type PartitionBalance, reconcile } from "./reconcile.ts";
import { uncountableText, whyUncountable, withoutExpired } from "./reconcile-limits.ts";
import { requireReconcileTarget } from "./reconcile-target.ts";
import type { PartitionSection } from "./reconcile-windows.ts";

export interface Compared {
  balances: PartitionBalance[];
  /** What cannot be counted, and why; one sentence for each table. */
  uncountable: string[];
}

export interface ReconcilePlansOptions {
  origin: Origin;
  /** Spans of offsets to find for each partition where something is wrong. */
  spansMax: number;
  /** Who is to be told how far the comparison of a table is. */
  progressOn(table: string): (done: number, total: number) => void;
}

/**
 * What must be stored by now: from the log's start, or the time's offset, to the committed offset.
 *
 * @throws MillraceError E_KAFKA when there is no such topic, or the group has committed nothing.
 */
export async function committedRanges(
  admin: Admin,
  groupId: string,
  plans: TablePlan[],
  sinceMs: number | undefined,
): Promise<PartitionSection[]> {
  const existing = new Set(await admin.listTopics());
  const topics = plans.flatMap((plan) => plan.topics).filter((topic) => existing.has(topic));
  if (topics.length === 0) {
    const wanted = plans.flatMap((plan) => plan.topics).join(", ");
    throw new MillraceError(
      "E_KAFKA",
      `Cannot compare ${wanted}: no such topic. Check --topic, --pipeline, --brokers.`,
    );
  }
  const offsets = await readOffsets(admin, groupId, topics);
  if (offsets.every(({ committed }) => committed === undefined)) {
    throw new MillraceError(
      "E_KAFKA",
      `Group ${groupId} has committed nothing in ${topics.join(", ")}: check --group.`,
    );
  }
  const floors = sinceMs === undefined ? new Map<string, number>() : await readOffsetsAt(admin, topics, sinceMs);
  return offsets.map((found) => rangeOf(found, floors.get(partitionKey(found))));
}

function rangeOf({ topic, partition, logStart, committed }: PartitionOffsets, floor = 0): PartitionSection {
  const first = Math.max(logStart, floor);
  return { topic, partition, first, end: Math.max(first, committed ?? first) };
}

/** Compares each plan's ranges with its tables. @throws what the client throws. */
export async function reconcilePlans(
  client: ClickHouseClient,
  plans: TablePlan[],
  ranges: PartitionSection[],
  { progressOn, ...options }: ReconcilePlansOptions,
): Promise<Compared> {
  const targets = plans.map((plan) => ({ plan, target: requireReconcileTarget(plan) }));
  const compared: Compared = { balances: [], uncountable: [] };
  for (const { plan, target } of targets) {
    const own = ranges.filter(({ topic }) => target.topics.includes(topic));
    const reason = await whyUncountable(client, plan);
    if (reason !== undefined) {
      compared.uncountable.push(uncountableText(plan, reason, offsetsOf(own)));
      continue;
    }
    const onProgress = progressOn(target.facts.table);
    const found = await reconcile(client, target, own, { ...options, onProgress });
    const { balances, uncountable } = withoutExpired(plan, found);
    compared.balances.push(...balances);
    if (uncountable !== undefined) compared.uncountable.push(uncountable);
  }
  return compared;
}
