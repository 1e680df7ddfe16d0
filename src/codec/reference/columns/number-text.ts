import type { ValueContext } from "../column.ts";

/**
 * The text of a number as the document had it: the source text where there is one, since the double may have lost
 * digits; else (MessagePack) the shortest text that names the same number.
 */
export function numberText(value: number | bigint, context: ValueContext): string {
  return context.sourceText() ?? String(value);
}
