import { parseColumnType } from "../../../schema/column-type.ts";
import type { ColumnType, PlanColumn, RecordField, Rule, TablePlan } from "../../../schema/plan.ts";
import { timeFormatNames } from "../../../schema/time-formats.ts";
import { compileCell } from "../../reference/cell.ts";
import { column, makePlan } from "../../testing/plan.ts";
import { isPlanSupported } from "../write-plan.ts";
import type { Randomness } from "./randomness.ts";
import { valueFor } from "./value-generator.ts";

/** Table plans drawn from a seed: every column type, source, time format, default and rule, in small numbers each. */

/** Field names that columns and rules share, so that rules feed columns and names collide with paths. */
export const fieldNames = [
  ..."abcdefgh",
  "ts",
  "service",
  "event_id",
  "request_id",
  "status_code",
  "result",
  "ctx",
  "ctx.ip",
  "ctx.user",
  "ctx.user.id",
  "ctx.user.b.k",
  "user.id",
  "a.b",
  "名前",
  'say "x"\\',
  "0",
  "12",
  "constructor",
  "toString",
  "a_rather_long_name_of_more_than_sixteen_bytes",
];

const dayMs = 86_400_000;
const recordFields: RecordField[] = [
  "topic",
  "partition",
  "offset",
  "timestamp",
  "key",
  "received",
  "processed",
  "raw",
];
/** Types that take one record field or another. */
const recordTypes = [
  "String",
  "LowCardinality(String)",
  "Nullable(String)",
  "Int64",
  "UInt64",
  "Nullable(Int32)",
  "DateTime64(3)",
  "Nullable(DateTime64(6))",
  "DateTime",
  "Date",
  "Float64",
];
const zones = ["", "", "", "UTC", "Europe/Berlin", "America/New_York"];

export function pick<T>(random: Randomness, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** A plan that both transcoders compile and the kernel runs itself. */
export function generatePlan(random: Randomness): TablePlan {
  for (;;) {
    const plan = drawPlan(random);
    if (isPlanSupported(plan)) return plan;
  }
}

function drawPlan(random: Randomness): TablePlan {
  const format = random.oneIn(4) ? "RowBinaryOptional" : "RowBinary";
  // Two columns of different types that read one field take no document: seldom.
  const start = random.below(fieldNames.length);
  const nameOf = (index: number) =>
    random.oneIn(12) ? pick(random, fieldNames) : fieldNames[(start + index * 7) % fieldNames.length]!;
  const columns = Array.from({ length: 1 + random.below(8) }, (_, index) =>
    drawColumn(random, `c${index}`, nameOf(index), format),
  );
  const times = columns.filter(({ type }) => isTime(type)).map(({ name }) => name);
  const hasTime = times.length > 0;
  const horizon = {
    column: pick(random, times) ?? "",
    backMs: 7 * dayMs,
    aheadMs: pick(random, [0, 3_600_000, dayMs]),
  };
  return makePlan({
    codec: random.oneIn(4) ? "json" : "auto",
    format,
    columns,
    rules: random.oneIn(2) ? [] : Array.from({ length: 1 + random.below(5) }, () => drawRule(random)),
    horizon: hasTime && random.oneIn(4) ? horizon : undefined,
    eventTimeColumn: hasTime && !random.oneIn(3) ? pick(random, times) : undefined,
    latencyGroupColumn: random.oneIn(2) ? pick(random, columns).name : undefined,
  });
}

/** Types that `eventTimeColumn` and `horizon` may name. */
function isTime(type: ColumnType): boolean {
  if (type.kind === "nullable" || type.kind === "lowCardinality") return isTime(type.inner);
  return type.kind === "date" || type.kind === "date32" || type.kind === "dateTime" || type.kind === "dateTime64";
}

function drawColumn(random: Randomness, name: string, field: string, format: TablePlan["format"]): PlanColumn {
  const isRecord = random.oneIn(7);
  const isRecordType = isRecord && !random.oneIn(8);
  const type = parseColumnType(isRecordType ? pick(random, recordTypes) : typeText(random));
  const others = Array.from({ length: random.oneIn(5) ? 1 + random.below(2) : 0 }, () => pick(random, fieldNames));
  const names = random.oneIn(2) ? [field, ...others] : [...others, field];
  const drawn = column(name, type, {
    source: isRecord ? { kind: "record", field: pick(random, recordFields) } : { kind: "document", names },
    timeFormat: pick(random, timeFormatNames),
    coercion: random.oneIn(2) ? "lenient" : "strict",
    ...(isTime(type) && random.oneIn(6) && { placeholderIsNull: true }),
  });
  const missing = drawMissing(random, drawn, format);
  try {
    compileCell({ ...drawn, missing }, format);
    return { ...drawn, missing };
  } catch {
    return drawn; // the value for missing fields does not fit, which is a plan that nobody can start with
  }
}

function drawMissing(random: Randomness, drawn: PlanColumn, format: TablePlan["format"]): PlanColumn["missing"] {
  if (format === "RowBinaryOptional" && random.oneIn(3)) return { kind: "tableDefault" };
  switch (random.below(10)) {
    case 0:
      return { kind: "reject" };
    case 1:
      return { kind: "record", field: pick(random, recordFields) };
    case 2:
    case 3:
      return { kind: "value", value: JSON.parse(valueFor(random, drawn.type, drawn.timeFormat)) };
    default:
      return { kind: "typeDefault" };
  }
}

function drawRule(random: Randomness): Rule {
  const field = pick(random, fieldNames);
  switch (random.below(8)) {
    case 0:
      return { rule: "require", field, errorType: "field_required" };
    case 1:
      return { rule: "resultFromStatus", field, status: pick(random, fieldNames) };
    case 2:
      return { rule: "statusFromResult", field, result: pick(random, fieldNames), flag: pick(random, fieldNames) };
    case 3:
      return { rule: "recordId", field };
    default:
      return drawDefault(random, field);
  }
}

function drawDefault(random: Randomness, field: string): Rule {
  const rule: Extract<Rule, { rule: "default" }> = { rule: "default", field };
  const some = () => Array.from({ length: 1 + random.below(3) }, () => pick(random, fieldNames));
  if (random.oneIn(2)) rule.from = some();
  if (random.oneIn(3)) rule.whenAnyOf = some();
  const values = ["unknown", "", "é", "12", 0, 404, -1, 1.5, 1e21, 2 ** 53, 1_700_000_000_000];
  if (rule.from === undefined || random.oneIn(2)) rule.value = pick(random, values);
  return rule;
}

function scalarText(random: Randomness): string {
  const zone = pick(random, zones);
  const precision = 1 + random.below(18);
  return pick(random, [
    `${pick(random, ["", "U"])}Int${pick(random, [8, 16, 32, 64])}`,
    `${pick(random, ["", "U"])}Int${pick(random, [32, 64])}`,
    pick(random, ["Float32", "Float64"]),
    `Decimal(${precision}, ${random.below(precision + 1)})`,
    "Bool",
    "String",
    "String",
    `FixedString(${pick(random, [1, 3, 16, 17, 70])})`,
    "UUID",
    "Date",
    "Date32",
    zone === "" ? "DateTime" : `DateTime('${zone}')`,
    `DateTime64(${random.below(10)}${zone === "" ? "" : `, '${zone}'`})`,
    "DateTime64(3)",
    "Enum8('GET' = 1, 'POST' = 2, '7' = -3, 'été' = 0)",
    "Enum16('low' = -300, 'high' = 3000)",
    "IPv4",
    "IPv6",
  ]);
}

const dictionaryTypes = ["String", "String", "FixedString(5)", "UInt16", "Int64", "Date", "DateTime", "UUID", "IPv6"];

/** The name of any column type, two levels deep at most. */
export function typeText(random: Randomness, depth = 0): string {
  switch (random.below(depth < 2 ? 10 : 6)) {
    case 0:
      return `Nullable(${scalarText(random)})`;
    case 1:
      return `LowCardinality(${pick(random, dictionaryTypes)})`;
    case 2:
      return `LowCardinality(Nullable(${pick(random, dictionaryTypes)}))`;
    case 6:
      return `Array(${typeText(random, depth + 1)})`;
    case 7:
      return `Map(${pick(random, ["String", "LowCardinality(String)"])}, ${typeText(random, depth + 1)})`;
    default:
      return scalarText(random);
  }
}
