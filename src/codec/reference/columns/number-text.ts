import type { ValueContext } from "../column.ts";

/**
 * The text of a number as the document had it: the source text where there is one, since the double may have lost
 * digits; else (MessagePack) the shortest text that names the same number.
 */
export function numberText(value: number | bigint, context: ValueContext): string {
  return context.sourceText() ?? String(value);
}

/** `ValueContext.isFloat` by the number's own text, where there is one; else by what is around it. */
export function isFloat(value: number, text: string | undefined, outer: ValueContext): boolean {
  return text === undefined ? outer.isFloat(value) : isFloatText(text);
}

/** True for the text of a JSON number that has a point or an exponent. */
export function isFloatText(text: string): boolean {
  return /[.eE]/.test(text);
}
