import type { TablePlan } from "../../schema/plan.ts";
import { askableBy, cannotAsk } from "../sink/cannot-ask.ts";
import { rangesText } from "./ranges-text.ts";
import type { AnnouncedRange } from "./recovery-plan.ts";
import type { SharedTables } from "./shared-tables.ts";

/**
 * Whether the plan's table can be asked what it lacks of ranges that are to leave their bundle.
 *
 * They leave it for good, and the commits that do not name it may only have been out of sight for a moment: then a later
 * owner finds it whole, and stores it without asking.
 *
 * @throws MillraceError E_INCOMPLETE when not
 */
export async function requireAskable(
  plan: Pick<TablePlan, "table" | "coordinates" | "rowLoss">,
  sharedTables: Pick<SharedTables, "has">,
  ranges: readonly AnnouncedRange[],
): Promise<void> {
  const { table, rowLoss } = plan;
  const coordinates = (await sharedTables.has(table)) ? undefined : plan.coordinates;
  const mergesRows = rowLoss?.kind === "merged";
  if (askableBy({ coordinates, mergesRows }) !== undefined) return;
  const [{ judgedMs: sinceMs, bundle }] = ranges as [AnnouncedRange];
  throw cannotAsk({ table, mergesRows }, "alone", {
    ...{ what: `Bundle ${bundle?.id}`, sinceMs, where: rangesText(ranges) },
  });
}
