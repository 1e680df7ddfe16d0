import { durationUnitsMs } from "../../core/duration.ts";
import type { OptionRow, OptionType } from "./option-row.ts";

/** A row in words, for `--help`: what it does, the words that it takes, its bounds and its default. */
export function helpOf(row: OptionRow): string {
  const { help, type } = row;
  const words = wordsOf(type);
  // A help that explains the words has named them all.
  const isNamed = words.every((word) => help.includes(word));
  const listed = words.length > 2 ? words.join(", ") : words.join(" or ");
  const fallback = row.otherwise ?? row.default;
  const limits = [boundsOf(type), fallback === undefined ? "" : `default: ${fallback}`].filter((text) => text !== "");
  return `${help}${isNamed ? "" : `: ${listed}`}${limits.length === 0 ? "" : ` (${limits.join("; ")})`}`;
}

/** "1 to 64", "500ms to 10m", "at least 1", "8 to 90, or 0"; empty where nothing is bounded. */
export function boundsOf(type: OptionType): string {
  if (type.kind === "list") return boundsOf(type.of);
  if (type.kind !== "count" && type.kind !== "number" && type.kind !== "duration") return "";
  const { min, max, orZero } = type;
  const text = type.kind === "duration" ? durationOf : String;
  if (min !== undefined && max !== undefined) return `${text(min)} to ${text(max)}${orZero === true ? ", or 0" : ""}`;
  return min === undefined ? "" : `at least ${text(min)}`;
}

/** The same as the end of a sentence: " from 1 to 64", " at least 1". */
export function fromBounds(type: OptionType): string {
  const bounds = boundsOf(type);
  if (bounds === "") return "";
  return bounds.startsWith("at least") ? ` ${bounds}` : ` from ${bounds}`;
}

/** Whether a value lies within the bounds of a type that has any. */
export function isInside(type: OptionType, value: number): boolean {
  if (!("min" in type || "max" in type)) return true;
  if (value === 0 && type.orZero === true) return true;
  return value >= (type.min ?? Number.NEGATIVE_INFINITY) && value <= (type.max ?? Number.POSITIVE_INFINITY);
}

/** The words that a choice, or a list of choices, takes. */
export function wordsOf(type: OptionType): readonly string[] {
  if (type.kind === "list") return wordsOf(type.of);
  return type.kind === "choice" ? type.choices : [];
}

/** 1_800_000 → "30m": in the largest unit that leaves no fraction, as an option takes it. */
function durationOf(ms: number): string {
  if (ms === 0) return "0ms";
  const units = Object.entries(durationUnitsMs).filter(([, size]) => ms % size === 0);
  const [unit, size] = units.at(-1)!;
  return `${ms / size}${unit}`;
}
