import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType, TimeFormat } from "../../../schema/plan.ts";
import { timeFormatNames } from "../../../schema/time-formats.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { type Instant, instantTicks } from "../time/instant.ts";
import { compileReadTime, epochScales, readEpoch } from "../time/read-time.ts";
import { compileTimeZone } from "../time/time-zone.ts";
import { Timestamp } from "../time/timestamp.ts";
import { writeInt64BigInt } from "./bytes.ts";
import { describe } from "./describe.ts";
import { numberText } from "./number-text.ts";
import { readWholeNumber } from "./whole-number.ts";

type DateTimeType = Extract<ColumnType, { kind: "dateTime" | "dateTime64" }>;

/** 1900-01-01 … 2299-12-31 23:59:59: the documented range of DateTime64, in seconds. */
const leastSeconds = -2_208_988_800n;
const endSeconds = 10_413_792_000n;
const int64End = 2n ** 63n;

/** What a text that is no count may be written in. */
const textFormats = timeFormatNames.filter((name) => epochScales[name] === undefined);

/**
 * DateTime and DateTime64. Text is read by the column's time format. A number is a count of the format's unit; with
 * `auto` a count of the column's own ticks, as in JSONEachRow. Every step is in whole numbers, so no digit is lost.
 * Out of the documented range the value is rejected; ClickHouse would clamp or wrap it.
 */
export function compileDateTime(type: DateTimeType, format: TimeFormat): WriteColumn {
  const scale = type.kind === "dateTime64" ? type.scale : 0;
  const readText = compileReadTime(format, compileTimeZone(type.timeZone));
  const unitScale = epochScales[format];
  const tick = 10n ** BigInt(scale);

  function writeTicks(out: ByteWriter, ticks: bigint, found: unknown, context: ValueContext): void {
    if (type.kind === "dateTime") {
      if (ticks < 0n || ticks > 0xffff_ffffn) rejectTimeRange(type, found, context);
      out.reserve(4);
      out.view.setUint32(out.offset, Number(ticks), true);
      out.offset += 4;
    } else {
      if (ticks < leastSeconds * tick || ticks >= endSeconds * tick || ticks >= int64End || ticks < -int64End) {
        rejectTimeRange(type, found, context);
      }
      writeInt64BigInt(out, ticks);
    }
  }

  return function writeDateTime(out: ByteWriter, value: unknown, context: ValueContext): void {
    let instant: Instant | undefined;
    if (typeof value === "string") {
      instant = readText(value);
      if (instant === undefined) rejectTimeFormat(type, format, value, context);
    } else if (value instanceof Timestamp) {
      instant = value;
    } else if (typeof value !== "number" && typeof value !== "bigint") {
      rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a time`);
    } else if (unitScale !== undefined) {
      instant = readEpoch(exactText(value, context), unitScale);
    } else if (format === "auto") {
      writeTicks(out, readTicks(value, context, type), value, context);
      return;
    } else {
      rejectField("field_type", `${describe(value, context)} for ${type.text}, which is read as ${format} text here`);
    }
    if (instant === undefined) rejectTimeRange(type, value, context);
    writeTicks(out, instantTicks(instant, scale), value, context);
  };
}

/** A number's text. Safe integers need no look at the source where their text cannot hold more. */
export function exactText(value: number | bigint, context: ValueContext): string {
  return Number.isSafeInteger(value) && !context.mayHideFraction() ? String(value) : numberText(value, context);
}

function readTicks(value: number | bigint, context: ValueContext, type: DateTimeType): bigint {
  const unit = type.kind === "dateTime" ? "seconds" : `10^-${type.scale} seconds`;
  rejectFloat(value, context, type, unit);
  return readWholeNumber(value, context)!.value;
}

/**
 * A float is hardly ever a count of ticks, but seconds with a fraction, which may be zero: as ticks they would be a day in
 * 1970. JSONEachRow refuses it as well, whole or not.
 */
export function rejectFloat(value: number | bigint, context: ValueContext, type: ColumnType, unit: string): void {
  if (typeof value === "bigint" || (Number.isInteger(value) && !context.isFloat(value))) return;
  rejectField(
    "field_format",
    `${describe(value, context)} for ${type.text}, which takes a whole number of ${unit}; ` +
      "a count with a fraction is read where the column's `time` is epoch_s, epoch_ms, epoch_us or epoch_ns",
  );
}

export function rejectTimeFormat(type: ColumnType, format: TimeFormat, value: string, context: ValueContext): never {
  const other = textFormats.find((name) => compileReadTime(name, (local) => local)(value) !== undefined);
  const remedy = other === undefined ? "" : `; the column's \`time: ${other}\` would`;
  return rejectField(
    "field_format",
    `${describe(value, context)} for ${type.text} cannot be read as a time (${format})${remedy}`,
  );
}

export function rejectTimeRange(type: ColumnType, value: unknown, context: ValueContext): never {
  const isNoTime = typeof value === "string" && /\b(0001|9999)\b/.test(value);
  const remedy = isNoTime ? "; if it stands for no time, the column's `placeholderIsNull: true` reads it as null" : "";
  return rejectField("field_range", `${describe(value, context)} is out of the range of ${type.text}${remedy}`);
}
