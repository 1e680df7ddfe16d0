import type { TablePlan } from "../schema/plan.ts";
import type { SetUp } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { durationText } from "./insert-rate.ts";

/** Judges how the plans' rows can be proven and fenced. Pure. */
export function judgePlans(setUp: SetUp, canBeFenced: (plan: TablePlan) => boolean): Finding[] {
  return setUp.plans.flatMap((plan) => [
    ...judgeCoordinates(plan),
    ...(canBeFenced(plan) ? [] : [unfenced(plan, setUp)]),
  ]);
}

function judgeCoordinates({ table: where, columns }: TablePlan): Finding[] {
  const stored = new Set(columns.flatMap(({ source }) => (source.kind === "record" ? [source.field] : [])));
  const absent = (["topic", "partition", "offset"] as const).filter((field) => !stored.has(field));
  const code = "table.coordinates";
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
      meaning: "missing and duplicate records cannot be counted (end report, millrace reconcile)",
      remedy: absent.map((field) => `ALTER TABLE ${where} ADD COLUMN kafka_${field} ${types[field]};`),
    },
  ];
}

function unfenced({ table: where, columns }: TablePlan, { fenceMs }: SetUp): Finding {
  const defaults = columns.filter(({ missing }) => missing.kind === "tableDefault").map(({ name }) => name);
  return {
    code: "table.fence",
    severity: "weakens",
    where,
    found: `inserts cannot be fenced: ClickHouse computes the DEFAULT of ${defaults.join(", ")} where a record lacks the field`,
    meaning: `only the deduplication window stops an owner that was stopped for longer than ${durationText(fenceMs)} in the middle of an insert: it doubles a range when it wakes up after the window has moved on`,
    remedy: [
      "# in the pipeline file, give each of these columns a default of its own, or leave it to ClickHouse always:",
      ...defaults.map((name) => `#   ${name}: { omit: true }`),
    ],
  };
}
