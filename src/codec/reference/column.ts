import type { ByteWriter } from "../../core/byte-writer.ts";

/**
 * Thrown by a column writer when the value does not fit the column. The row loop turns it into a dead letter.
 * One shared instance per process is thrown again and again: a stack trace for each bad record would cost more than
 * the record.
 */
export class FieldError extends Error {
  errorType = "";
  detail = "";
}

const shared = new FieldError("field rejected");

/**
 * Ends the row. `errorType` is one of `field_type`, `field_range`, `field_format`, `field_missing`, `event_time_range`;
 * `detail` says what was found and what the column takes. The row loop adds the column's name.
 */
export function rejectField(errorType: string, detail: string): never {
  shared.errorType = errorType;
  shared.detail = detail;
  throw shared;
}

/** What a column writer may ask beyond the decoded value. */
export interface ValueContext {
  /**
   * The exact text of this value in the JSON source (white space outside strings kept), or undefined when the document
   * was not JSON text. Slow (finds the value again), so asked only where the double is not enough: 64-bit integers
   * beyond 2^53, decimals, a number or a sub-document for a String column.
   */
  sourceText(): string | undefined;
  /**
   * False when no number of the document can have lost a fraction on its way into a double, as `1.00000000000000000001`
   * and `1e-400` do: then a double that is whole is the number itself, and nobody has to find its text.
   */
  mayHideFraction(): boolean;
  /**
   * True when the document wrote this number as a float: with a point or an exponent in JSON, as a float of 32 or 64 bits
   * in MessagePack. Its double may be whole all the same.
   */
  isFloat(value: number): boolean;
  /** Counts one lenient conversion for the column. */
  coerced(): void;
}

/**
 * Writes one value in RowBinary. `value` is what JSON.parse or msgpackr made of it (never undefined; null only reaches
 * Nullable columns), or a Uint8Array (record key, raw value, MessagePack binary) or a number/bigint (record fields).
 */
export type WriteColumn = (out: ByteWriter, value: unknown, context: ValueContext) => void;
