import { readExactDecimal, scaleExactDecimal } from "../../codec/reference/columns/decimal-text.ts";
import { compilePath, findBlocker, isDocument, locate } from "../../codec/reference/path.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";
import type { EngineVerdict } from "./engine-verdicts.ts";
import { isIntendedRejection, isNullOfEnum } from "./intended.ts";
import { type Leaf, leavesOf, membersOf, repeatsMapKey } from "./leaves.ts";
import { isNearOddChange } from "./odd-changes.ts";
import type { OwnVerdict } from "./own-verdicts.ts";

/**
 * How Millrace's verdict and the engine's go together:
 * - `same`: both store the row, byte for byte;
 * - `bothReject`;
 * - `intended`: they differ as README's table says;
 * - `engineRefuses`: Millrace stores what JSONEachRow refuses, which the rule of the table leaves open, but never a
 *   number without its fraction;
 * - `notJson`: Millrace's dead letter says that the record is no JSON object, whatever the engine reads into it;
 * - `unjudged`: no verdict of the engine;
 * - `different`: a finding.
 */
export type Outcome = "same" | "bothReject" | "intended" | "engineRefuses" | "notJson" | "unjudged" | "different";

/** Dead letters for what is no JSON object in UTF-8: README names them before its table. */
const kindsOfTheirOwn = new Set(["null_value", "empty_value", "invalid_utf8", "json_not_object", "json_parse_failed"]);

/** True when the engine's verdict can tell something: the record is an object that the engine's reader can be shown. */
export function isComparable(own: OwnVerdict, text: string): boolean {
  if ("errorType" in own && kindsOfTheirOwn.has(own.errorType)) return false;
  // What was unwrapped from a string, or decoded from MessagePack, is no JSON object for the engine.
  return /^[ \t\r\n]*\{/.test(text);
}

/** What README says of whole documents, not of values. */
function isIntendedDocument(plan: TablePlan, text: string): boolean {
  const keys = membersOf(text.trimStart()).map(([key]) => key);
  return readsNestedPath(plan, text) || repeatsColumn(plan, keys) || hasOtherCase(plan, keys);
}

/** Of a key that occurs twice Millrace takes the last at every depth, JSONEachRow the first at the uppermost. */
function repeatsColumn({ columns }: TablePlan, keys: string[]): boolean {
  return columns.some(({ name }) => keys.filter((key) => key === name).length > 1);
}

/** JSONEachRow takes a key in another case for the column where no key has its own; Millrace never does. */
function hasOtherCase({ columns }: TablePlan, keys: string[]): boolean {
  return columns.some(({ name }) => keys.some((key) => key !== name && key.toLowerCase() === name.toLowerCase()));
}

/**
 * Millrace looks for a column's name with dots in objects, and refuses what is none in such a place; JSONEachRow knows the
 * key alone (README, "With your own").
 */
function readsNestedPath({ columns }: TablePlan, text: string): boolean {
  const document: unknown = JSON.parse(text);
  if (!isDocument(document)) return false;
  const names = new Set(columns.map(({ name }) => name));
  return columns.some(({ name }) => {
    if (!name.includes(".") || Object.hasOwn(document, name)) return false;
    const path = compilePath(name, names);
    return locate(document, path) !== undefined || findBlocker(document, path) !== undefined;
  });
}

export function judge(plan: TablePlan, text: string, own: OwnVerdict, engine: EngineVerdict): Outcome {
  if (engine === "unjudged") return "unjudged";
  if ("row" in own) {
    const isIntended = isIntendedDocument(plan, text) || plan.columns.some((column) => isIntendedRow(column, text));
    if (engine === "refused") {
      const hasFraction = plan.columns.some((column) => leavesOf(column, text).some(isFractionOfWhole));
      return hasFraction && !isIntended ? "different" : "engineRefuses";
    }
    if (Buffer.compare(own.row, engine) === 0) return "same";
    return isIntended ? "intended" : "different";
  }
  if (kindsOfTheirOwn.has(own.errorType)) return "notJson";
  if (engine === "refused") return "bothReject";
  if (isIntendedDocument(plan, text)) return "intended";
  const blamed = blamedColumn(plan, own.message);
  const isIntended =
    blamed !== undefined && leavesOf(blamed, text).some((leaf) => isIntendedRejection(leaf, own.errorType));
  return isIntended ? "intended" : "different";
}

function isIntendedRow(column: PlanColumn, text: string): boolean {
  return (
    repeatsMapKey(column, text) || leavesOf(column, text).some((leaf) => isNullOfEnum(leaf) || isNearOddChange(leaf))
  );
}

const wholeKinds = new Set(["int", "enum", "bool", "date", "date32", "dateTime", "dateTime64"]);

/** A number with a fraction, however small, for a type of whole numbers: strictly read, no row may be made of it. */
function isFractionOfWhole({ type, text }: Leaf): boolean {
  if (!wholeKinds.has(type.kind) || !/^-?\d/.test(text)) return false;
  const decimal = readExactDecimal(text);
  return decimal !== undefined && scaleExactDecimal(decimal, 0, "truncate")?.inexact === true;
}

/** The column that a dead letter's message begins with: `column NAME (TYPE): …`. */
function blamedColumn({ columns }: TablePlan, message: string): PlanColumn | undefined {
  return columns.find(({ name, type }) => message.startsWith(`column ${name} (${type.text})`));
}
