import type { ColumnType } from "../../schema/plan.ts";

const DAY_MS = 86_400_000;
const WORD = 2 ** 32;

/** Reads the time that begins at `offset` of a RowBinary row: ms since 1970, rounded down; NaN for null. */
export type ReadTimeMs = (view: DataView, offset: number) => number;

/**
 * How a time column's bytes are read back. The row loop reads what the column writer has just written, so that no time
 * is parsed twice and latency speaks of exactly the stored value. Undefined for a type that is not a time.
 */
export function compileReadTimeMs(type: ColumnType): ReadTimeMs | undefined {
  switch (type.kind) {
    case "date":
      return (view, offset) => view.getUint16(offset, true) * DAY_MS;
    case "date32":
      return (view, offset) => view.getInt32(offset, true) * DAY_MS;
    case "dateTime":
      return (view, offset) => view.getUint32(offset, true) * 1000;
    case "dateTime64": {
      const ticksPerMs = 10 ** (type.scale - 3);
      // Beyond 2^53 ticks (nanoseconds) the double is off by less than a microsecond.
      return (view, offset) => {
        const ticks = view.getInt32(offset + 4, true) * WORD + view.getUint32(offset, true);
        return Math.floor(ticks / ticksPerMs);
      };
    }
    case "lowCardinality":
      return compileReadTimeMs(type.inner);
    case "nullable": {
      const inner = compileReadTimeMs(type.inner);
      return inner && ((view, offset) => (view.getUint8(offset) === 0 ? inner(view, offset + 1) : Number.NaN));
    }
    default:
      return undefined;
  }
}
