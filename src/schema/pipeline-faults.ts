import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import type { z } from "zod";
import { nearestName } from "../core/nearest-name.ts";
import { optionsAt, ruleNames } from "./pipeline-schema.ts";

type Issue = z.core.$ZodIssue;

/** A fault of a pipeline file: where, and what. `key`: the fault is that key of the map at `path`, not its value. */
export interface Fault {
  path: readonly PropertyKey[];
  key?: string;
  text: string;
}

/** What zod found, in the words of the file. */
export function faultsOf(issues: Issue[], raw: unknown): Fault[] {
  return issues.flatMap(flattenIssue).flatMap((issue) => describeIssue(issue, raw));
}

/** `line:column` of a fault; of what is missing, that of the map that lacks it. */
export function placeOf({ path, key }: Fault, document: Document, lines: LineCounter): string {
  let node = document.contents as Node | null | undefined;
  let start = node?.range?.[0] ?? 0;
  for (const step of key === undefined ? path : [...path, key]) {
    if (isAlias(node)) node = node.resolve(document);
    const found = childOf(node, step);
    if (found === undefined) break;
    node = found.value;
    const isKey = key !== undefined && step === key;
    start = (isKey ? found.key : found.value)?.range?.[0] ?? found.key?.range?.[0] ?? start;
  }
  const { line, col } = lines.linePos(start);
  return `${line}:${col}`;
}

function childOf(node: unknown, step: PropertyKey): { key?: Node; value: Node | null } | undefined {
  if (isSeq(node)) {
    const value = node.items[step as number] as Node | undefined;
    return value === undefined ? undefined : { value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair === undefined ? undefined : { key: pair.key as Node, value: pair.value as Node | null };
}

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

function describeIssue(issue: Issue, raw: unknown): Fault[] {
  const { path } = issue;
  const place = path.length === 0 ? "the file" : path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const allowed = optionsAt(path, raw);
    return issue.keys.map((key) => ({
      path,
      key,
      text: `${place}: ${key} is not an option here${meant(key, allowed)}; allowed: ${allowed.join(", ")}`,
    }));
  }
  let value: unknown = raw;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined | null)?.[key];
  const choices = choicesOf(issue);
  const expected = choices === undefined ? issue.message : `allowed: ${choices.join(", ")}`;
  if (value === undefined) return [{ path, text: `${place}: is missing; ${expected}` }];
  const hint = choices === undefined ? "" : meant(String(value), choices);
  return [{ path, text: `${place}: ${JSON.stringify(value)} is not allowed${hint}; ${expected}` }];
}

function choicesOf(issue: Issue): string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" && issue.path.at(-1) === "rule" ? ruleNames : undefined;
}

function meant(typed: string, names: readonly string[]): string {
  const name = nearestName(typed, names);
  return name === undefined ? "" : `, did you mean ${name}?`;
}
