import type { ClickHouseClient } from "@clickhouse/client";
import type { Origin } from "../../core/origin.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { type Balance, offsetsOf, reconcile, sumBalances } from "./reconcile.ts";
import { uncountableText, whyUncountable, withoutExpired } from "./reconcile-limits.ts";
import { reconcileTarget } from "./reconcile-target.ts";
import type { PartitionSection } from "./reconcile-windows.ts";

export type { PartitionSection } from "./reconcile-windows.ts";

/** What the tables hold of the given ranges. */
export type Accounting = Balance;

export interface Account {
  /** Of the tables whose rows can be counted; undefined when there is none. */
  balance: Accounting | undefined;
  /** What cannot be counted, and why; one sentence for each table. */
  uncountable: string[];
  /** Rows of some table are not in the balance at all. */
  isPartial: boolean;
}

/**
 * Compares offsets in Kafka with rows in ClickHouse, partition by partition: facts, dead letters and known gaps together
 * must hold each offset of the range once. Tables whose rows prove nothing are left out, and named.
 *
 * @param options.origin whose lost and skipped offsets are known gaps; default: everybody's.
 */
export async function account(
  client: ClickHouseClient,
  plans: TablePlan[],
  ranges: PartitionSection[],
  options: { origin?: Origin } = {},
): Promise<Account> {
  const balances: Balance[] = [];
  const uncountable: string[] = [];
  let counted = 0;
  for (const plan of plans) {
    const planRanges = ranges.filter(({ topic, first, end }) => plan.topics.includes(topic) && end > first);
    const reason = await whyUncountable(client, plan);
    if (reason !== undefined) {
      uncountable.push(uncountableText(plan, reason, offsetsOf(planRanges)));
      continue;
    }
    counted += 1;
    if (planRanges.length === 0) continue;
    const found = await reconcile(client, reconcileTarget(plan)!, planRanges, options);
    const limited = withoutExpired(plan, found);
    balances.push(...limited.balances);
    if (limited.uncountable !== undefined) uncountable.push(limited.uncountable);
  }
  return {
    balance: counted === 0 ? undefined : sumBalances(balances),
    uncountable,
    isPartial: counted < plans.length,
  };
}
