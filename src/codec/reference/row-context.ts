import type { ValueContext } from "./column.ts";
import { isFloatText } from "./columns/number-text.ts";
import { type CurrentRecord, emptyRecord, recordId } from "./current-record.ts";
import type { Decoded } from "./document.ts";
import { mayHideFraction } from "./hidden-fraction.ts";
import { isIntegerType } from "./message-pack.ts";
import { findType } from "./message-pack-walk.ts";
import type { RuleContext } from "./rules.ts";
import { findSourceText } from "./source-text.ts";

/** What rules and column writers can see and say while one row is made. One object per transcoder. */
export class RowContext implements ValueContext, RuleContext {
  readonly record: CurrentRecord = emptyRecord();
  readonly decoded: Decoded = { document: {}, jsonText: undefined, wholeFloats: undefined, isUnwrapped: false };
  /** Fields that a rule has set, with the keys of the document's value that they got; undefined when it came from none. */
  readonly #origins = new Map<string, string[] | undefined>();
  /** The text that `#mayHideFraction` speaks of. */
  #judgedText: string | undefined;
  #mayHideFraction = false;
  /** Lenient conversions by column, of the task at hand. */
  coercions: Record<string, number> = {};
  /** The cell being written; "" outside the columns. */
  columnName = "";
  columnLabel = "";
  /** Keys of the value being written; undefined when it is not from the document. */
  keys: string[] | undefined;
  /** Where the last cell's value begins in the output. */
  valueOffset = 0;

  recordId(): string {
    return recordId(this.record);
  }

  replaced(field: string, from: string[] | undefined): void {
    this.#origins.set(field, from && this.#sourceOf(from));
  }

  /** Forgets what rules did to the previous record. */
  forgetOrigins(): void {
    if (this.#origins.size > 0) this.#origins.clear();
  }

  coerced(): void {
    this.coercions[this.columnName] = (this.coercions[this.columnName] ?? 0) + 1;
  }

  mayHideFraction(): boolean {
    const { jsonText } = this.decoded;
    if (jsonText !== this.#judgedText) {
      this.#judgedText = jsonText;
      this.#mayHideFraction = jsonText !== undefined && mayHideFraction(jsonText);
    }
    return this.#mayHideFraction;
  }

  isFloat(value: number): boolean {
    const text = this.sourceText();
    if (text !== undefined) return isFloatText(text);
    const { wholeFloats } = this.decoded;
    if (wholeFloats === undefined || !wholeFloats.has(value)) return false;
    const path = this.keys && this.#sourceOf(this.keys);
    const type = path && findType(this.record.value!, path);
    // Inside an array or a map the number's own place is not known, only that it is a float somewhere in the document.
    return type !== undefined && !isIntegerType(type);
  }

  sourceText(): string | undefined {
    const { jsonText } = this.decoded;
    const path = this.keys && this.#sourceOf(this.keys);
    return jsonText === undefined || path === undefined ? undefined : findSourceText(jsonText, path);
  }

  /** Where in the document a value stood before rules moved it; undefined when a rule made it. */
  #sourceOf(keys: string[]): string[] | undefined {
    const [first, ...rest] = keys;
    if (!this.#origins.has(first!)) return keys;
    const origin = this.#origins.get(first!);
    return origin && [...origin, ...rest];
  }
}
