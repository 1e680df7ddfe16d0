import { type Document, parseDocument } from "yaml";
import { z } from "zod";
import { MillraceError } from "../core/errors.ts";
import { parseDurationMs } from "./duration.ts";
import { type Pipeline, type PipelineColumn, qualifyTable } from "./pipeline.ts";
import type { Rule } from "./plan.ts";
import { timeFormatNames } from "./time-formats.ts";

export type { Pipeline };

const recordFields = ["topic", "partition", "offset", "timestamp", "key", "received", "processed", "raw"] as const;
const fieldName = z.string().min(1, "a field name is expected");
const fieldNames = z.union([fieldName, z.array(fieldName).min(1)], "a field name or a list of them is expected");
const tableName = z
  .string()
  .regex(/^([A-Za-z_]\w*\.)?[A-Za-z_]\w*$/, "allowed: table or database.table, of letters, digits and _");
const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, "allowed: a number with ms, s, m, h or d, such as 7d or 90m")
  .transform((text) => parseDurationMs(text)!);
const coercion = z.enum(["strict", "lenient"]);
const recordField = z.enum(recordFields);

const columnSchema = z.strictObject({
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

const ruleSchema = z.discriminatedUnion("rule", [
  z.strictObject({ rule: z.literal("require"), field: fieldName, errorType: z.string().regex(/^[a-z][a-z0-9_]*$/) }),
  z.strictObject({
    rule: z.literal("default"),
    field: fieldName,
    from: z.array(fieldName).optional(),
    value: z.union([z.string(), z.number()]).optional(),
    whenAnyOf: z.array(fieldName).optional(),
  }),
  z.strictObject({ rule: z.literal("resultFromStatus"), field: fieldName, status: fieldName }),
  z.strictObject({ rule: z.literal("statusFromResult"), field: fieldName, result: fieldName, flag: fieldName }),
  z.strictObject({ rule: z.literal("recordId"), field: fieldName }),
]);

const pipelineSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "allowed: letters, digits, _, . and -"),
  topics: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, "allowed: a Kafka topic name")).min(1),
  codec: z.enum(["auto", "json", "msgpack"]).default("auto"),
  table: tableName,
  lateness: z
    .union([z.literal("none"), z.strictObject({ column: fieldName, back: duration, ahead: duration })])
    .default("none"),
  eventTime: fieldName.optional(),
  latencyGroup: fieldName.optional(),
  coercion: coercion.default("strict"),
  // A name alone is short for `from`.
  columns: z.record(z.string(), z.union([fieldNames, columnSchema])).default({}),
  rules: z.array(ruleSchema).default([]),
});

/** Aliases of aliases can grow a few lines into gigabytes: the library stops at so many, which is an error of the file. */
const ALIASES_MAX = 100;

function expandAliases(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw new MillraceError("E_CONFIG", `${fileName} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads a pipeline file (ops/pipelines/*.yaml). `fileName` only names it in errors.
 *
 * @throws MillraceError E_CONFIG that lists every fault with its place, its value and what is allowed there.
 */
export function parsePipeline(text: string, fileName: string): Pipeline {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    throw new MillraceError("E_CONFIG", `${fileName} is not valid YAML: ${document.errors[0]!.message}`);
  }
  const raw = expandAliases(document, fileName);
  const parsed = pipelineSchema.safeParse(raw);
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap(flattenIssue).map((issue) => showIssue(issue, raw));
    throw faultsError(fileName, faults);
  }
  const file = parsed.data;
  const columns = mapColumns(file.columns);
  const contradictions = findContradictions(columns);
  if (contradictions.length > 0) throw faultsError(fileName, contradictions);
  const { lateness } = file;
  return {
    name: file.name,
    topics: file.topics,
    codec: file.codec,
    table: qualifyTable(file.table),
    coercion: file.coercion,
    columns,
    rules: file.rules as Rule[],
    lateness:
      lateness === "none" ? undefined : { column: lateness.column, backMs: lateness.back, aheadMs: lateness.ahead },
    eventTime: file.eventTime,
    latencyGroup: file.latencyGroup,
  };
}

function mapColumns(columns: z.infer<typeof pipelineSchema>["columns"]): Record<string, PipelineColumn> {
  const mapped: Record<string, PipelineColumn> = {};
  for (const [name, wish] of Object.entries(columns)) {
    if (typeof wish === "string" || Array.isArray(wish)) {
      mapped[name] = { from: listOf(wish) };
    } else {
      const { from, ...rest } = wish;
      mapped[name] = { ...(rest as PipelineColumn), ...(from === undefined ? {} : { from: listOf(from) }) };
    }
  }
  return mapped;
}

function listOf(names: string | string[]): string[] {
  return typeof names === "string" ? [names] : names;
}

/** Pairs of options that cannot both hold. */
function findContradictions(columns: Record<string, PipelineColumn>): string[] {
  return Object.entries(columns).flatMap(([name, wish]) => {
    const sources = (["from", "record", "omit"] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== false,
    );
    const substitutes = (["default", "defaultRecord", "required"] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== false,
    );
    const faults = [sources, substitutes].filter((keys) => keys.length > 1);
    return faults.map((keys) => `columns.${name}: has ${keys.join(" and ")}; allowed: only one of them`);
  });
}

type Issue = z.core.$ZodIssue;

/** A value that fits no member of a union: the faults of the member that came nearest say more than "invalid". */
function flattenIssue(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const nearest = issue.errors.findLast((issues) => issues.every((inner) => inner.path.length > 0)) ?? [];
  if (nearest.length === 0) {
    const isObject = issue.errors.at(-1)!.every((inner) => inner.code === "unrecognized_keys");
    if (!isObject) return [issue];
    return issue.errors.at(-1)!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  return nearest.flatMap((inner) => flattenIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

function showIssue(issue: Issue, raw: unknown): string {
  const place = issue.path.length === 0 ? "the file" : issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") return `${place}: ${issue.keys.join(", ")} is not an option here`;
  let value: unknown = raw;
  for (const key of issue.path) value = (value as Record<PropertyKey, unknown> | undefined | null)?.[key];
  if (value === undefined) return `${place}: is missing; ${issue.message}`;
  return `${place}: ${JSON.stringify(value)} is not allowed; ${issue.message}`;
}

function faultsError(fileName: string, faults: string[]): MillraceError {
  return new MillraceError("E_CONFIG", `${fileName}:\n  ${faults.join("\n  ")}`);
}
