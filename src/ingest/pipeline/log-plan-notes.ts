import type { Logger } from "pino";
import type { TablePlan } from "../../schema/plan.ts";
import { planNotes } from "../../schema/plan-notes.ts";

/** Tells the log what each table makes of its records that its owner may not expect. */
export function logPlanNotes(plans: readonly TablePlan[], taskFormat: "native" | "rows", log: Logger): void {
  for (const plan of plans) {
    const headers = planNotes(plan).find(({ kind }) => kind === "headers");
    if (headers !== undefined) log.warn({ table: plan.table }, `${plan.table}: ${headers.found}; ${headers.meaning}`);
  }
  if (taskFormat === "native") for (const plan of plans) if (plan.format !== "RowBinary") log.info(staysByRows(plan));
}

function staysByRows({ table }: TablePlan): string {
  return `${table} is written row by row, not in Native: only then does a missing field get the column's DEFAULT`;
}
