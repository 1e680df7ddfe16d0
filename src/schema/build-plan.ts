import { createHash } from "node:crypto";
import { MillraceError } from "../core/errors.ts";
import { nobody, type Origin } from "../core/origin.ts";
import { clockDefaultsOf, coordinatesOf, ingesterClocksOf } from "./clock-defaults.ts";
import { bareType, isNullable, parseColumnType, withTimeZone } from "./column-type.ts";
import { buildDeadLetterColumns, isEnvelopeClock } from "./dead-letter-columns.ts";
import { constantColumn, originLimits, originOf } from "./origin-columns.ts";
import { deadLetterTable, type Pipeline, type PipelineColumn } from "./pipeline.ts";
import type { ColumnType, Coordinates, PlanColumn, RecordField, TablePlan, TimeFormat } from "./plan.ts";
import type { TableColumn } from "./read-table.ts";
import { rowLossOf } from "./row-loss.ts";

export { defaultPipeline } from "./pipeline.ts";

/** Columns with these names are filled from the record when the pipeline says nothing else. */
const recordColumns: Record<string, RecordField> = {
  kafka_topic: "topic",
  kafka_partition: "partition",
  kafka_offset: "offset",
  kafka_timestamp: "timestamp",
  kafka_key: "key",
};

/** Where the envelope (src/schema/dead-letter-columns.ts) says which record was read. */
const deadLetterCoordinates = { topic: "topic", partition: "kafka_partition", offset: "kafka_offset" };

/**
 * Joins a pipeline with the columns of its tables. Columns that ClickHouse computes (MATERIALIZED, ALIAS) and those
 * that the pipeline omits are not in the plan.
 *
 * @param origin what the columns kafka_cluster and kafka_group get, where a table has them
 * @throws MillraceError E_PLAN for a column that cannot be written, or a pipeline that does not fit the table.
 */
export function buildPlan(
  pipeline: Pipeline,
  columns: TableColumn[],
  deadLetterColumns: TableColumn[],
  origin: Origin = nobody,
): TablePlan {
  checkNames(pipeline, columns);
  const planned = columns.flatMap((column) => buildColumn(pipeline, column, origin) ?? []);
  if (planned.length === 0) refuse(pipeline, "the table has no column that Millrace can fill");
  checkTime(pipeline, planned, pipeline.lateness?.column, "lateness");
  checkTime(pipeline, planned, pipeline.eventTime, "eventTime");
  if (pipeline.latencyGroup !== undefined) requirePlanned(pipeline, planned, pipeline.latencyGroup, "latencyGroup");
  const usesTableDefault = planned.some(({ missing }) => missing.kind === "tableDefault");
  const deadColumns = buildDeadLetterColumns(deadLetterTable, deadLetterColumns, origin);
  const coordinates = coordinatesOf(
    planned,
    (field) => recordColumn(planned, field),
    originLimits(columns, origin, ["kafka_cluster"]),
  );
  const plan: Omit<TablePlan, "key"> = {
    pipeline: pipeline.name,
    origin,
    topics: pipeline.topics,
    codec: pipeline.codec,
    table: pipeline.table,
    partitionKey: partitionKeyOf(columns, planned),
    format: usesTableDefault ? "RowBinaryOptional" : "RowBinary",
    columns: planned,
    clockDefaults: clockDefaultsOf(columns, planned),
    ingesterClocks: ingesterClocksOf(planned),
    coordinates,
    rowLoss: rowLossOf(columns[0]!, coordinates && keyOf(coordinates), pipeline.lateness !== undefined),
    readsMayLag: [columns, deadLetterColumns].some(([column]) => readsMayLag(column?.engine ?? "")),
    rules: pipeline.rules,
    horizon: pipeline.lateness,
    eventTimeColumn: pipeline.eventTime,
    latencyGroupColumn: pipeline.latencyGroup,
    deadLetters: {
      table: deadLetterTable,
      partitionKey: partitionKeyOf(deadLetterColumns, deadColumns),
      format: "RowBinary",
      columns: deadColumns,
      clockDefaults: clockDefaultsOf(deadLetterColumns, deadColumns),
      ingesterClocks: deadColumns.map(({ name }) => name).filter(isEnvelopeClock),
      coordinates: coordinatesOf(deadColumns, (field) => deadLetterCoordinates[field], [
        ...(deadColumns.some(({ name }) => name === "pipeline")
          ? [{ column: "pipeline", values: [pipeline.name] }]
          : []),
        ...originLimits(deadLetterColumns, origin, ["kafka_cluster", "kafka_group"]),
      ]),
    },
  };
  // Two plans with one key would share a compiled transcoder, so the key covers everything in the plan.
  const hash = createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 12);
  return { key: `${pipeline.name}@${hash}`, ...plan };
}

/** The columns that no two records have in common. */
function keyOf({ topic, partition, offset, limits }: Coordinates): string[] {
  return [topic, partition, offset, ...limits.map(({ column }) => column)];
}

function readsMayLag(engine: string): boolean {
  return /^(Replicated|Shared)|^(Distributed|Buffer)$/.test(engine);
}

/** The table's partition key, if the columns of the insert are enough to compute it. */
function partitionKeyOf(columns: TableColumn[], planned: PlanColumn[]): string {
  const names = new Set(planned.map(({ name }) => name));
  const isComputable = columns.every(({ name, isInPartitionKey }) => isInPartitionKey !== true || names.has(name));
  return isComputable ? (columns[0]?.partitionKey ?? "") : "";
}

function recordColumn(planned: PlanColumn[], field: RecordField): string | undefined {
  return planned.find(({ source }) => source.kind === "record" && source.field === field)?.name;
}

/** The parsed type, in the server's time zone where it names none. */
function columnType(column: TableColumn): ColumnType {
  const type = withTimeZone(parseColumnType(column.type, column.name), column.serverTimeZone ?? "UTC");
  const timeZone = zoneOf(type);
  if (timeZone !== undefined && !isKnownZone(timeZone)) {
    throw new MillraceError(
      "E_PLAN",
      `Column ${column.name}: this runtime does not know the time zone ${timeZone}. ` +
        "Use a name of the IANA time zone database, or a Node or Deno with full ICU data.",
    );
  }
  return type;
}

function zoneOf(type: ColumnType): string | undefined {
  if ("inner" in type) return zoneOf(type.inner);
  return "timeZone" in type ? type.timeZone : undefined;
}

function isKnownZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return true;
  } catch {
    return false;
  }
}

function buildColumn(pipeline: Pipeline, column: TableColumn, origin: Origin): PlanColumn | undefined {
  const wish = Object.hasOwn(pipeline.columns, column.name) ? (pipeline.columns[column.name] ?? {}) : {};
  if (wish.omit === true || column.defaultKind === "MATERIALIZED" || column.defaultKind === "ALIAS") return undefined;
  if (column.defaultKind === "EPHEMERAL") {
    refuse(
      pipeline,
      `column ${column.name} is EPHEMERAL: an insert can fill it for the DEFAULT of other columns to read, but this ` +
        "version does not. Mark it `omit: true`: it then has its own default; or make it a stored column",
    );
  }
  const type = columnType(column);
  const { coercion = pipeline.coercion } = wish;
  const constant = wish.from === undefined && wish.record === undefined ? originOf(column.name, origin) : undefined;
  if (constant !== undefined) return { name: column.name, type, coercion, ...constantColumn(constant) };
  const record = wish.record ?? (wish.from === undefined ? readRecordColumn(column.name) : undefined);
  const source: PlanColumn["source"] =
    record === undefined ? { kind: "document", names: wish.from ?? [column.name] } : { kind: "record", field: record };
  return {
    name: column.name,
    type,
    source,
    timeFormat: record === undefined ? chooseTimeFormat(pipeline, column, type, wish.time) : "epoch_ms",
    ...(wish.placeholderIsNull === true && { placeholderIsNull: checkPlaceholder(pipeline, column, type) }),
    missing: chooseMissing(column, type, wish, record !== undefined),
    coercion,
  };
}

function readRecordColumn(name: string): RecordField | undefined {
  return Object.hasOwn(recordColumns, name) ? recordColumns[name] : undefined;
}

function chooseTimeFormat(
  pipeline: Pipeline,
  column: TableColumn,
  type: ColumnType,
  wished: TimeFormat | undefined,
): TimeFormat {
  if (wished !== undefined && !holdsTime(type)) {
    refuse(pipeline, `column ${column.name} has the time format ${wished}, but ${column.type} is no date or time`);
  }
  return wished ?? "auto";
}

function checkPlaceholder(pipeline: Pipeline, column: TableColumn, type: ColumnType): true {
  if (isTime(type)) return true;
  return refuse(pipeline, `column ${column.name} has placeholderIsNull, but ${column.type} is no date or time`);
}

function holdsTime(type: ColumnType): boolean {
  const bare = bareType(type);
  if (bare.kind === "array" || bare.kind === "map") return holdsTime(bare.inner);
  return isTime(type);
}

function isTime(type: ColumnType): boolean {
  return ["date", "date32", "dateTime", "dateTime64"].includes(bareType(type).kind);
}

function chooseMissing(
  column: TableColumn,
  type: ColumnType,
  wish: PipelineColumn,
  fromRecord: boolean,
): PlanColumn["missing"] {
  if (wish.required === true) return { kind: "reject" };
  if (wish.defaultRecord !== undefined) return { kind: "record", field: wish.defaultRecord };
  if (Object.hasOwn(wish, "default")) {
    // A null default is what a Nullable column's own default is, and no value at all for the others.
    return wish.default === null ? { kind: "typeDefault" } : { kind: "value", value: wish.default };
  }
  if (fromRecord && isNullable(type)) return { kind: "typeDefault" };
  return column.defaultKind === "DEFAULT" && !fromRecord ? { kind: "tableDefault" } : { kind: "typeDefault" };
}

/** A misspelt name would otherwise be a column that silently stays empty. */
function checkNames(pipeline: Pipeline, columns: TableColumn[]): void {
  const known = new Map(columns.map((column) => [column.name, column]));
  for (const [name, wish] of Object.entries(pipeline.columns)) {
    const column = known.get(name);
    if (column === undefined) {
      if (wish.optional === true) continue;
      refuse(pipeline, `column ${name} is not in the table, which has: ${[...known.keys()].join(", ")}`);
    } else if (
      (column.defaultKind === "MATERIALIZED" || column.defaultKind === "ALIAS") &&
      wish.omit !== true &&
      wish.optional !== true
    ) {
      refuse(pipeline, `column ${name} is ${column.defaultKind}: ClickHouse computes it, no insert can fill it`);
    }
  }
}

function requirePlanned(pipeline: Pipeline, planned: PlanColumn[], name: string, option: string): PlanColumn {
  const column = planned.find((candidate) => candidate.name === name);
  return column ?? refuse(pipeline, `${option} names ${name}, which is not among the columns that it fills`);
}

function checkTime(pipeline: Pipeline, planned: PlanColumn[], name: string | undefined, option: string): void {
  if (name === undefined) return;
  const { type } = requirePlanned(pipeline, planned, name, option);
  if (!isTime(type)) refuse(pipeline, `${option} names ${name}, which is ${type.text}, not a date or time`);
}

function refuse(pipeline: Pipeline, reason: string): never {
  throw new MillraceError("E_PLAN", `Pipeline ${pipeline.name} does not fit table ${pipeline.table}: ${reason}`);
}
