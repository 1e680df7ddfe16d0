import { z } from "zod";
import { readDurationMs } from "../core/duration.ts";
import { qualifiedTablePattern, topicNamePattern } from "../core/names.ts";
import { timeFormatNames } from "./time-formats.ts";

/** What may stand in a pipeline file. docs/pipelines.md says what it means; its test holds it against this file. */

const recordFields = ["topic", "partition", "offset", "timestamp", "key", "received", "processed", "raw"] as const;
const fieldName = z.string().min(1, "a field name is expected");
const fieldNames = z.union([fieldName, z.array(fieldName).min(1)], "a field name or a list of them is expected");
const tableName = z
  .string()
  .regex(
    qualifiedTablePattern,
    "allowed: database.table, of letters, digits and _; ClickHouse's own database is named default",
  );
const duration = z
  .string()
  .refine((text) => readDurationMs(text) !== undefined, "allowed: a number with ms, s, m, h or d, such as 7d or 90m")
  .transform((text) => readDurationMs(text)!);
const coercion = z.enum(["strict", "lenient"]);
const recordField = z.enum(recordFields);

export const columnSchema = z.strictObject({
  from: fieldNames.optional(),
  record: recordField.optional(),
  time: z.enum(timeFormatNames).optional(),
  placeholderIsNull: z.boolean().optional(),
  default: z.unknown().optional(),
  defaultRecord: recordField.optional(),
  required: z.boolean().optional(),
  omit: z.boolean().optional(),
  coercion: coercion.optional(),
});

const errorType = z.string().regex(/^[a-z][a-z0-9_]*$/, "allowed: small letters, digits and _, such as user_missing");

export const ruleSchemas = {
  require: z.strictObject({ rule: z.literal("require"), field: fieldName, errorType }),
  default: z.strictObject({
    rule: z.literal("default"),
    field: fieldName,
    from: z.array(fieldName).optional(),
    value: z.union([z.string(), z.number()]).optional(),
    whenAnyOf: z.array(fieldName).optional(),
  }),
  resultFromStatus: z.strictObject({ rule: z.literal("resultFromStatus"), field: fieldName, status: fieldName }),
  statusFromResult: z.strictObject({
    rule: z.literal("statusFromResult"),
    field: fieldName,
    result: fieldName,
    flag: fieldName,
  }),
  recordId: z.strictObject({ rule: z.literal("recordId"), field: fieldName }),
};

export const ruleNames = Object.keys(ruleSchemas);

const ruleSchema = z.discriminatedUnion("rule", [
  ruleSchemas.require,
  ruleSchemas.default,
  ruleSchemas.resultFromStatus,
  ruleSchemas.statusFromResult,
  ruleSchemas.recordId,
]);

export const latenessSchema = z.strictObject({ column: fieldName, back: duration, ahead: duration });

export const pipelineSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "allowed: letters, digits, _, . and -"),
  topics: z.array(z.string().regex(topicNamePattern, "allowed: a Kafka topic name")).min(1),
  codec: z.enum(["auto", "json", "msgpack"]).default("auto"),
  table: tableName,
  lateness: z.union([z.literal("none"), latenessSchema]).default("none"),
  eventTime: fieldName.optional(),
  latencyGroup: fieldName.optional(),
  coercion: coercion.default("strict"),
  // A name alone is short for `from`.
  columns: z.record(z.string(), z.union([fieldNames, columnSchema])).default({}),
  rules: z.array(ruleSchema).default([]),
});

/** The options that may stand at a place of a pipeline file. */
export function optionsAt(path: readonly PropertyKey[], raw: unknown): string[] {
  const [first] = path;
  if (path.length === 0) return Object.keys(pipelineSchema.shape);
  if (first === "lateness") return Object.keys(latenessSchema.shape);
  if (first === "columns") return Object.keys(columnSchema.shape);
  const rule = (raw as { rules?: { rule?: string }[] } | undefined)?.rules?.[path[1] as number]?.rule;
  const schema = ruleSchemas[rule as keyof typeof ruleSchemas];
  return schema === undefined ? [] : Object.keys(schema.shape);
}
