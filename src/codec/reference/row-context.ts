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
  /** Fields that a rule has set, with the document's field that the value came from. */
  readonly #origins = new Map<string, string | undefined>();
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

  replaced(field: string, from: string | undefined): void {
    // Of a field that a rule has set before, the value came from where that one's did.
    const isSet = from !== undefined && this.#origins.has(from);
    this.#origins.set(field, isSet ? this.#origins.get(from) : from);
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
    for (const path of this.#sourcePaths()) {
      const type = findType(this.record.value!, path);
      // Inside an array or a map the number's own place is not known, only that it is a float somewhere in the document.
      if (type !== undefined) return !isIntegerType(type);
    }
    return false;
  }

  sourceText(): string | undefined {
    const { jsonText } = this.decoded;
    if (jsonText === undefined) return undefined;
    for (const path of this.#sourcePaths()) {
      const text = findSourceText(jsonText, path);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** Where in the document the value may stand; nowhere when a rule made it. */
  #sourcePaths(): string[][] {
    if (this.keys === undefined) return [];
    const first = this.keys[0]!;
    if (!this.#origins.has(first)) return [this.keys];
    const origin = this.#origins.get(first);
    return origin === undefined ? [] : [[origin], origin.split(".")];
  }
}
