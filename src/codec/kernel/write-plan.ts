import { latencyLagMsMax, latenessBands } from "../../core/lateness.ts";
import type { ColumnType, PlanColumn, RecordField, Rule, TablePlan } from "../../schema/plan.ts";
import { isNullableType } from "../reference/columns/type-default.ts";
import { collectKnownKeys, collectReadNames } from "../reference/compile-plan.ts";
import { missingGroup } from "../reference/latency.ts";
import * as layout from "./assembly/layout-plan.ts";
import type { Kernel } from "./kernel-exports.ts";
import { isConstant, PlanWriter } from "./plan-writer.ts";
import { isTypeSupported, type KernelNode, writeNode } from "./write-node.ts";

/** A plan as it lies in the kernel's memory. */
export interface KernelPlan {
  address: number;
  /** Address of the first column's words. */
  columns: number;
  /** For each column the node that writes its values; facts of the record have one of their own. */
  nodes: KernelNode[];
}

const facts: Record<RecordField, number> = {
  topic: layout.FACT_TOPIC,
  partition: layout.FACT_PARTITION,
  offset: layout.FACT_OFFSET,
  timestamp: layout.FACT_TIMESTAMP,
  key: layout.FACT_KEY,
  received: layout.FACT_RECEIVED,
  processed: layout.FACT_PROCESSED,
  raw: layout.FACT_RAW,
};

/** The kernel's table has room for 510 keys; half of it is left to fields that no column reads. */
const PLAN_KEYS_MAX = 256;
/** As of assembly/keys.ts and latency.ts. */
const KEY_BYTES_MAX = 256;
const GROUP_BYTES_MAX = 100;

const encoder = new TextEncoder();

/**
 * False for plans that the reference has to run alone: MessagePack, types that the kernel does not write, and more or
 * longer names than its tables hold.
 */
export function isPlanSupported(plan: TablePlan): boolean {
  const group = plan.columns.find(({ name }) => name === plan.latencyGroupColumn);
  if (group !== undefined && encoder.encode(missingGroup(group)).length > GROUP_BYTES_MAX) return false;
  const keys = collectKnownKeys(plan);
  if (keys.size > PLAN_KEYS_MAX) return false;
  for (const key of keys) if (!key.isWellFormed() || encoder.encode(key).length > KEY_BYTES_MAX) return false;
  const areValuesConstant = plan.rules.every(
    (rule) => rule.rule !== "default" || rule.value === undefined || isConstant(rule.value),
  );
  return plan.codec !== "msgpack" && areValuesConstant && plan.columns.every(({ type }) => isTypeSupported(type));
}

/** Writes a plan into the kernel and sets it up. PRECONDITION: `isPlanSupported`, and the reference compiles the plan. */
export function writePlan(kernel: Kernel, plan: TablePlan): KernelPlan {
  const writer = new PlanWriter(kernel);
  const address = writer.allocate(layout.PLAN_BYTES);
  const columns = writer.allocate(Math.max(1, plan.columns.length) * layout.COLUMN_BYTES);
  const readNames = collectReadNames(plan);
  const nodes = plan.columns.map((column, index) =>
    writeColumn(writer, columns + index * layout.COLUMN_BYTES, column, plan, readNames),
  );
  const rules = writer.allocate(Math.max(1, plan.rules.length) * layout.RULE_BYTES);
  for (const [index, rule] of plan.rules.entries()) writeRule(writer, rules + index * layout.RULE_BYTES, rule);
  writeGroup(writer, address, plan);
  writer.setWord(address + layout.PLAN_COLUMNS, columns);
  writer.setWord(address + layout.PLAN_COLUMN_COUNT, plan.columns.length);
  writer.setWord(address + layout.PLAN_RULES, rules);
  writer.setWord(address + layout.PLAN_RULE_COUNT, plan.rules.length);
  writer.setWord(address + layout.PLAN_MAY_BE_MESSAGE_PACK, plan.codec === "auto" ? 1 : 0);
  writer.setWord(address + layout.PLAN_HAS_MARKERS, plan.format === "RowBinaryOptional" ? 1 : 0);
  writer.setLong(address + layout.PLAN_HORIZON_BACK_MS, plan.horizon?.backMs ?? 0);
  writer.setLong(address + layout.PLAN_HORIZON_AHEAD_MS, plan.horizon?.aheadMs ?? 0);
  writeLateness(writer, address);
  writer.setWord(address + layout.PLAN_STREAMS, writer.words(writer.streams));
  writer.setWord(address + layout.PLAN_STREAM_COUNT, writer.streams.length);
  writer.setWord(address + layout.PLAN_DICTIONARIES, writer.words(writer.dictionaries));
  writer.setWord(address + layout.PLAN_DICTIONARY_COUNT, writer.dictionaries.length);
  writer.setWord(address + layout.PLAN_ROW_BYTES, writer.rowBytes);
  kernel.exports.setUp(address);
  return { address, columns, nodes };
}

function writeLateness(writer: PlanWriter, address: number): void {
  if (latenessBands.length > layout.LATENESS_BANDS_MAX) throw new Error("more lateness bands than the kernel counts");
  const bounds = writer.allocate(8 * latenessBands.length);
  for (const [index, { aboveMs }] of latenessBands.entries()) writer.setLong(bounds + 8 * index, aboveMs);
  writer.setWord(address + layout.PLAN_LATENESS_BOUNDS, bounds);
  writer.setWord(address + layout.PLAN_LATENESS_BAND_COUNT, latenessBands.length);
  writer.setLong(address + layout.PLAN_LATENCY_LAG_MS_MAX, latencyLagMsMax);
}

function writeColumn(
  writer: PlanWriter,
  address: number,
  column: PlanColumn,
  plan: TablePlan,
  readNames: ReadonlySet<string>,
): KernelNode {
  const { source, missing } = column;
  const node = writeNode(writer, column.type, column);
  // Facts are plain: their times are ms, whatever the documents look like.
  const factNode = writeNode(writer, column.type, { timeFormat: "epoch_ms", coercion: "strict" }, node);
  writer.setWord(address + layout.COLUMN_NODE, node.address);
  writer.setWord(address + layout.COLUMN_FACT_NODE, factNode.address);
  writer.setWord(address + layout.COLUMN_FACT, source.kind === "record" ? facts[source.field] : layout.FACT_NONE);
  if (source.kind === "document")
    writer.setWord(address + layout.COLUMN_FIELD, writer.fieldList(source.names, readNames));
  const [kind, operand] = missingWords(writer, column);
  writer.setWord(address + layout.COLUMN_MISSING, kind);
  writer.setWord(address + layout.COLUMN_MISSING_OPERAND, operand);
  writer.setWord(address + layout.COLUMN_IS_NULLABLE, isNullableType(column.type) ? 1 : 0);
  const bare = bareNode(node);
  // What has a slot is written without a look at its value first.
  const hasPlaceholder = source.kind === "document" && column.placeholderIsNull === true;
  writer.setWord(address + layout.COLUMN_PLACEHOLDER_NODE, hasPlaceholder ? bare.address : 0);
  const slot = source.kind === "document" && !hasPlaceholder ? writer.singleSlot(source.names) : 0;
  writer.setWord(address + layout.COLUMN_BARE_NODE, bare.address);
  writer.setWord(address + layout.COLUMN_SLOT, slot);
  const isNullDefault = isNullableType(column.type) && missing.kind === "typeDefault";
  writer.setWord(address + layout.COLUMN_IS_NULL_DEFAULT, isNullDefault ? 1 : 0);
  const isTimeOfRow = column.name === plan.eventTimeColumn || column.name === plan.horizon?.column;
  const isFactPlain =
    source.kind === "record" && isPlainNumber(source.field) && isFixedWidth(column.type) && !isTimeOfRow;
  writer.setWord(address + layout.COLUMN_IS_FACT_PLAIN, isFactPlain ? 1 : 0);
  writer.setWord(address + layout.COLUMN_CHUNK_WAY, slot === 0 ? layout.CHUNK_ANY : chunkWay(column.type));
  writer.setWord(address + layout.COLUMN_IS_EVENT_TIME, column.name === plan.eventTimeColumn ? 1 : 0);
  writer.setWord(address + layout.COLUMN_IS_HORIZON, column.name === plan.horizon?.column ? 1 : 0);
  return node;
}

function bareNode(node: KernelNode): KernelNode {
  return node.kind === "nullable" || node.kind === "lowCardinality" ? bareNode(node.parts[0]!) : node;
}

function isPlainNumber(field: RecordField): boolean {
  return field !== "topic" && field !== "key" && field !== "raw";
}

function isFixedWidth(type: ColumnType): boolean {
  return type.kind === "int" || type.kind === "dateTime" || type.kind === "dateTime64";
}

function chunkWay(type: ColumnType): number {
  switch (type.kind) {
    case "string":
      return layout.CHUNK_STRING;
    case "lowCardinality":
      return type.inner.kind === "string" ? layout.CHUNK_DICTIONARY : layout.CHUNK_ANY;
    case "nullable":
      return type.inner.kind === "string" ? layout.CHUNK_NULLABLE_STRING : layout.CHUNK_NULLABLE_FIXED;
    case "array":
    case "map":
      return layout.CHUNK_ANY;
    default:
      return layout.CHUNK_FIXED;
  }
}

function missingWords(writer: PlanWriter, { missing }: PlanColumn): [kind: number, operand: number] {
  switch (missing.kind) {
    case "typeDefault":
      return [layout.MISSING_TYPE_DEFAULT, 0];
    case "value":
      return isConstant(missing.value)
        ? [layout.MISSING_VALUE, writer.constants([missing.value])]
        : [layout.MISSING_DECLINED, 0];
    case "record":
      return [layout.MISSING_FACT, facts[missing.field]];
    case "tableDefault":
      return [layout.MISSING_TABLE_DEFAULT, 0];
    case "reject":
      return [layout.MISSING_REJECT, 0];
  }
}

const ruleKinds: Record<Rule["rule"], number> = {
  require: layout.RULE_REQUIRE,
  default: layout.RULE_DEFAULT,
  resultFromStatus: layout.RULE_RESULT_FROM_STATUS,
  statusFromResult: layout.RULE_STATUS_FROM_RESULT,
  recordId: layout.RULE_RECORD_ID,
};

function writeRule(writer: PlanWriter, address: number, rule: Rule): void {
  writer.setWord(address + layout.RULE_KIND, ruleKinds[rule.rule]);
  writer.setWord(address + layout.RULE_FIELD, writer.fieldList([rule.field]));
  writer.setWord(address + layout.RULE_FIELD_SLOT, writer.singleSlot([rule.field]));
  writer.setWord(address + layout.RULE_SLOT, writer.slotOf(rule.field));
  if (rule.rule === "default") writeDefault(writer, address, rule);
  if (rule.rule === "resultFromStatus") {
    writer.setWord(address + layout.RULE_OTHER, writer.fieldList([rule.status]));
    writer.setWord(address + layout.RULE_CONSTANTS, writer.constants(["fail", "success"]));
  }
  if (rule.rule === "statusFromResult") {
    writer.setWord(address + layout.RULE_OTHER, writer.fieldList([rule.result]));
    // As a list it makes its first name known too, which counts as read then.
    writer.fieldList([rule.flag]);
    writer.setWord(address + layout.RULE_FLAG, writer.slotOf(rule.flag));
    const constants = [500, 200, 0, true, false, "fail", "success"];
    writer.setWord(address + layout.RULE_CONSTANTS, writer.constants(constants));
  }
}

function writeDefault(writer: PlanWriter, address: number, rule: Extract<Rule, { rule: "default" }>): void {
  const from = (rule.from ?? []).map((name) => writer.fieldList([name]));
  const conditions = rule.whenAnyOf?.map((name) => writer.fieldList([name]));
  if (rule.value !== undefined) writer.setWord(address + layout.RULE_VALUE, writer.constants([rule.value]));
  writer.setWord(address + layout.RULE_FROM, writer.words(from));
  writer.setWord(address + layout.RULE_FROM_COUNT, from.length);
  writer.setWord(address + layout.RULE_CONDITIONS, writer.words(conditions ?? []));
  writer.setWord(address + layout.RULE_CONDITION_COUNT, conditions?.length ?? -1);
}

/** The group comes from the document alone: a column that is a fact of the record makes no groups. */
function writeGroup(writer: PlanWriter, address: number, plan: TablePlan): void {
  const column = plan.columns.find(({ name }) => name === plan.latencyGroupColumn);
  if (column === undefined || column.source.kind !== "document") return;
  writer.setWord(address + layout.PLAN_GROUP_FIELD, writer.fieldList(column.source.names));
  writer.setWord(address + layout.PLAN_GROUP_FALLBACK, writer.constants([missingGroup(column)]));
}
