import { eachMember, elementTexts } from "../../codec/reference/json-scan.ts";
import { findSourceText } from "../../codec/reference/source-text.ts";
import type { ColumnType, PlanColumn } from "../../schema/plan.ts";

/** A scalar of a column's type, and the JSON text that the document has for it. */
export interface Leaf {
  type: ColumnType;
  text: string;
}

const keyType: ColumnType = { kind: "string", text: "String" };

/** The scalars that a document has for a column: one, or those of its arrays and maps, keys included. PRECONDITION: `json` is JSON. */
export function leavesOf(column: PlanColumn, json: string): Leaf[] {
  const text = findSourceText(json, [column.name]);
  return text === undefined ? [] : leavesIn(column.type, text);
}

function leavesIn(type: ColumnType, text: string): Leaf[] {
  switch (type.kind) {
    case "nullable":
    case "lowCardinality":
      return leavesIn(type.inner, text);
    case "array":
      return text.startsWith("[") ? elementTexts(text, 0).flatMap((part) => leavesIn(type.inner, part)) : [];
    case "map":
      return membersOf(text).flatMap(([key, part]) => [
        { type: keyType, text: JSON.stringify(key) },
        ...leavesIn(type.inner, part),
      ]);
    default:
      return [{ type, text }];
  }
}

/** The members of an object in their order, repeated keys included; none of anything else. */
export function membersOf(text: string): [key: string, value: string][] {
  const members: [string, string][] = [];
  if (text.startsWith("{")) eachMember(text, 0, (key, from, to) => members.push([key, text.slice(from, to)]));
  return members;
}

/** True when a map of the column has a key twice. */
export function repeatsMapKey(column: PlanColumn, json: string): boolean {
  const text = findSourceText(json, [column.name]);
  return text !== undefined && repeatsKey(column.type, text);
}

function repeatsKey(type: ColumnType, text: string): boolean {
  if (type.kind === "array") {
    return text.startsWith("[") && elementTexts(text, 0).some((part) => repeatsKey(type.inner, part));
  }
  if (type.kind !== "map") return false;
  const members = membersOf(text);
  const hasTwice = new Set(members.map(([key]) => key)).size < members.length;
  return hasTwice || members.some(([, part]) => repeatsKey(type.inner, part));
}
