import type { ClickHouseClient } from "@clickhouse/client";
import { otherClusters, sharedTableText } from "../../ingest/pipeline/writers.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { rowLossText } from "../../schema/row-loss.ts";
import type { PartitionBalance } from "./reconcile.ts";
import { missingCoordinates, reconcileTarget } from "./reconcile-target.ts";

/**
 * What cannot be counted. A table that keeps fewer rows than it is given, by design, has neither lost nor doubled what is
 * not there: doctor, report and `millrace reconcile` say so in the same words, and nothing fails because of it.
 */

/** Why the rows of the plan's table prove nothing; undefined when they can be compared with offsets. */
export function uncountableRows(plan: TablePlan): string | undefined {
  if (reconcileTarget(plan) === undefined) {
    const [table, lacking] = missingCoordinates(plan);
    return `missing and doubled rows cannot be counted: ${table} does not store ${lacking.join(", ")} of each record`;
  }
  return plan.rowLoss?.kind === "merged" ? rowLossText(plan.rowLoss) : undefined;
}

/** The same, with what other clusters have written into the table since the plan was made. @throws what the client throws. */
export async function whyUncountable(client: ClickHouseClient, plan: TablePlan): Promise<string | undefined> {
  const reason = uncountableRows(plan);
  if (reason !== undefined) return reason;
  const clusters = await otherClusters(client, plan);
  return clusters.length === 0 ? undefined : `rows cannot be counted: ${sharedTableText(plan, clusters)}`;
}

/** Why offsets without a row are not called missing, though rows are compared; undefined when they are. */
export function uncountableMissing({ rowLoss }: TablePlan): string | undefined {
  return rowLoss?.kind === "expired" ? rowLossText(rowLoss) : undefined;
}

/** The sentence for a report: what cannot be counted, and what is known instead. */
export function uncountableText({ table }: TablePlan, reason: string, offsets: number, what = ""): string {
  return `${table}: ${reason}. ${offsets} committed offsets${what}: ClickHouse has acknowledged each of them`;
}

/** Where the table deletes rows by itself: takes offsets without a row out of `missing`, and says how many there are. */
export function withoutExpired(
  plan: TablePlan,
  balances: PartitionBalance[],
): { balances: PartitionBalance[]; uncountable: string | undefined } {
  const missing = balances.reduce((sum, balance) => sum + balance.missing, 0);
  const reason = uncountableMissing(plan);
  if (reason === undefined || missing === 0) return { balances, uncountable: undefined };
  return {
    balances: balances.map((balance) => ({
      ...balance,
      expected: balance.expected - balance.missing,
      missing: 0,
      spans: balance.spans.filter(({ kind }) => kind !== "missing"),
    })),
    uncountable: uncountableText(plan, reason, missing, " have no row"),
  };
}
