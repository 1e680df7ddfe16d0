import type { TablePlan } from "../../schema/plan.ts";
import { type PlanNote, planNotes } from "../../schema/plan-notes.ts";
import { rowLossText } from "../../schema/row-loss.ts";
import type { SetUp } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Judges how the plans' rows can be proven. Pure. */
export function judgePlans(setUp: SetUp): Finding[] {
  return setUp.plans.flatMap((plan) => [
    ...judgeCoordinates(plan),
    ...planNotes(plan).map((note): Finding => noteOf(plan, note)),
  ]);
}

function noteOf({ table: where }: TablePlan, { kind, ...text }: PlanNote): Finding {
  return { code: `table.${kind}`, severity: "notice", where, ...text };
}

function judgeCoordinates({ table: where, columns, rowLoss }: TablePlan): Finding[] {
  const stored = new Set(columns.flatMap(({ source }) => (source.kind === "record" ? [source.field] : [])));
  const absent = (["topic", "partition", "offset"] as const).filter((field) => !stored.has(field));
  const code = "table.coordinates";
  if (absent.length === 0 && rowLoss !== undefined) {
    const meaning = "it is by design: end report and millrace reconcile say what was acknowledged, and fail nothing";
    return [{ code: "table.row-loss", severity: "notice", where, found: rowLossText(rowLoss), meaning }];
  }
  if (absent.length === 0) {
    const found = "each row has its topic, partition and offset: missing and duplicate records can be counted";
    return [{ code, severity: "ok", where, found }];
  }
  const types = { topic: "LowCardinality(String)", partition: "Int32", offset: "Int64" };
  return [
    {
      code,
      severity: "notice",
      where,
      found: `rows do not have the record's ${absent.join(", ")}`,
      meaning:
        "missing and duplicate records cannot be counted (end report, millrace reconcile), and a group that begins anew " +
        "under another name is not noticed: it stores every record once more",
      remedy: absent.map((field) => `ALTER TABLE ${where} ADD COLUMN kafka_${field} ${types[field]};`),
    },
  ];
}
