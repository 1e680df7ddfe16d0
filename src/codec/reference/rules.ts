import type { Rule } from "../../schema/plan.ts";
import { rejectField } from "./column.ts";
import { readExactDecimal } from "./columns/decimal-text.ts";
import { compilePath, type Document, type FieldPath, locate, readKeys, readPath } from "./path.ts";

/** What a rule may know and say beyond the document. */
export interface RuleContext {
  /** `topic-partition-offset` of the current record. */
  recordId(): string;
  /**
   * The rule set `field`, from the document's value under the keys `from` or, undefined, from nothing in the document. The
   * exact text of a number is then found there, or not at all.
   */
  replaced(field: string, from: string[] | undefined): void;
}

export type ApplyRule = (document: Document, context: RuleContext) => void;

/** Compiles a rule (S0-40, S0-41; src/schema/plan.ts says what each does). Fields are set as literal top-level keys. */
export function compileRule(rule: Rule): ApplyRule {
  const path = compilePath(rule.field);
  switch (rule.rule) {
    case "require":
      return (document) => {
        if (isBlank(readPath(document, path))) rejectField(rule.errorType, `field ${rule.field} is missing or empty`);
      };
    case "default":
      return compileDefault(rule, path);
    case "resultFromStatus": {
      const status = compilePath(rule.status);
      return (document, context) => {
        if (!isBlank(readPath(document, path))) return;
        const code = readStatus(readPath(document, status));
        if (!Number.isNaN(code)) set(document, context, rule.field, code >= 400 ? "fail" : "success");
      };
    }
    case "statusFromResult": {
      const result = compilePath(rule.result);
      return (document, context) => {
        const isSynthetic = isBlank(readPath(document, path));
        if (isSynthetic) {
          const outcome = readPath(document, result);
          set(document, context, rule.field, outcome === "fail" ? 500 : outcome === "success" ? 200 : 0);
        }
        set(document, context, rule.flag, isSynthetic);
      };
    }
    case "recordId":
      return (document, context) => {
        if (isBlank(readPath(document, path))) set(document, context, rule.field, context.recordId());
      };
  }
}

/** The names of all fields that a rule reads or sets: they are not unknown fields. */
export function fieldsOfRule(rule: Rule): string[] {
  switch (rule.rule) {
    case "default":
      return [rule.field, ...(rule.from ?? []), ...(rule.whenAnyOf ?? [])];
    case "resultFromStatus":
      return [rule.field, rule.status];
    case "statusFromResult":
      return [rule.field, rule.result, rule.flag];
    default:
      return [rule.field];
  }
}

/** The fields from which a rule can fill `field`; none when it fills another, or not from the document. */
export function sourcesOfRule(rule: Rule, field: string): string[] {
  switch (rule.rule) {
    case "default":
      return rule.field === field ? (rule.from ?? []) : [];
    case "resultFromStatus":
      return rule.field === field ? [rule.status] : [];
    case "statusFromResult":
      if (rule.flag === field) return [rule.field, rule.result];
      return rule.field === field ? [rule.result] : [];
    default:
      return [];
  }
}

function compileDefault(rule: Rule & { rule: "default" }, path: FieldPath): ApplyRule {
  const from = (rule.from ?? []).map((name) => compilePath(name));
  const conditions = rule.whenAnyOf?.map((name) => compilePath(name));
  return (document, context) => {
    if (!isBlank(readPath(document, path))) return;
    if (conditions?.every((condition) => isBlank(readPath(document, condition)))) return;
    for (const source of from) {
      const keys = locate(document, source);
      const value = keys && readKeys(document, keys);
      if (isBlank(value)) continue;
      document[rule.field] = value;
      context.replaced(rule.field, keys);
      return;
    }
    if (rule.value !== undefined) set(document, context, rule.field, rule.value);
  };
}

function set(document: Document, context: RuleContext, field: string, value: string | number | boolean): void {
  document[field] = value;
  context.replaced(field, undefined);
}

/** A number, or text of one; NaN for everything else. */
function readStatus(value: unknown): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  return typeof value === "string" && readExactDecimal(value.trim()) !== undefined ? Number(value) : Number.NaN;
}

/** Absent, null and "" are one to the rules, as the replaced system's own normalising has it. */
function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
