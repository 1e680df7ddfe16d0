import type { ValueContext } from "../column.ts";
import { readExactDecimal, scaleExactDecimal } from "./decimal-text.ts";

/** A number without its fraction, and whether it had one. */
export interface WholeNumber {
  value: bigint;
  inexact: boolean;
}

/**
 * The whole part of a document's number, exact, by its text: a double has no room for the fraction of
 * `254.00000000000000000001`. Undefined for a number that is out of every range, and for NaN (MessagePack).
 */
export function readWholeNumber(value: number | bigint, context: ValueContext): WholeNumber | undefined {
  if (typeof value === "bigint") return { value, inexact: false };
  const isPlain = Number.isSafeInteger(value) && !context.mayHideFraction();
  const text = isPlain ? undefined : context.sourceText();
  if (text === undefined && Number.isInteger(value)) return { value: BigInt(value), inexact: false };
  return wholeNumberOf(text ?? String(value));
}

/** The same for text. Undefined also for text that is no number. */
export function wholeNumberOf(text: string): WholeNumber | undefined {
  const decimal = readExactDecimal(text);
  return decimal === undefined ? undefined : scaleExactDecimal(decimal, 0, "truncate");
}
