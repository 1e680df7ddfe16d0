import type { ClickHouseClient } from "@clickhouse/client";
import type { Origin } from "../core/origin.ts";
import type { TablePlan } from "../schema/plan.ts";
import { type Balance, reconcile, sumBalances } from "./reconcile.ts";
import { reconcileTarget } from "./reconcile-target.ts";
import type { OffsetRange } from "./reconcile-windows.ts";

export type { OffsetRange } from "./reconcile-windows.ts";

/** What the tables hold of the given ranges. */
export type Accounting = Balance;

/**
 * Compares offsets in Kafka with rows in ClickHouse, partition by partition: facts, dead letters and known gaps together
 * must hold each offset of the range once.
 *
 * Undefined when a table does not store the record's coordinates: then nothing can be proven.
 *
 * @param options.origin whose lost and skipped offsets are known gaps; default: everybody's.
 */
export async function account(
  client: ClickHouseClient,
  plans: TablePlan[],
  ranges: OffsetRange[],
  options: { origin?: Origin } = {},
): Promise<Accounting | undefined> {
  const balances: Balance[] = [];
  for (const plan of plans) {
    const planRanges = ranges.filter(({ topic, first, end }) => plan.topics.includes(topic) && end > first);
    if (planRanges.length === 0) continue;
    const target = reconcileTarget(plan);
    if (target === undefined) return undefined;
    balances.push(...(await reconcile(client, target, planRanges, options)));
  }
  return sumBalances(balances);
}
