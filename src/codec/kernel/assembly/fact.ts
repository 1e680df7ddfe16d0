import { NODE_SCALE, NODE_SIGNED, NODE_TYPE, NODE_WIDTH, TYPE_DATE_TIME, TYPE_DATE_TIME64, TYPE_INT } from "./layout";
import { integerOf } from "./text";

/** 1900-01-01 and the end of 2299, ms since 1970; and the last ms that still has its nanoseconds in 64 bits. */
const LEAST_MS: i64 = -2208988800000;
const END_MS: i64 = 10413792000000;
const NANOS_END_MS: i64 = 9223372036854;

/**
 * Writes a fact of the record (partition, offset, a time in ms) without going through text, where the type is what
 * people use for it. False: nothing is written, the long way decides.
 */
export function writeFact(node: usize, low: usize, high: usize, at: usize): bool {
  const value = integerOf(low, high);
  switch (<u32>load<u8>(node, NODE_TYPE)) {
    case TYPE_INT:
      return writeInteger(node, value, at);
    case TYPE_DATE_TIME64:
      return writeMillisecondTicks(<u32>load<u8>(node, NODE_SCALE), value, at);
    case TYPE_DATE_TIME:
      if (value < 0 || value >= 4294967296000) return false;
      store<u32>(at, <u32>(value / 1000));
      return true;
    default:
      return false;
  }
}

function writeInteger(node: usize, value: i64, at: usize): bool {
  const width = load<u32>(node, NODE_WIDTH);
  const bits = <i64>width * 8;
  const isSigned = load<u32>(node, NODE_SIGNED) != 0;
  if (width < 8) {
    const least: i64 = isSigned ? -(<i64>1 << (bits - 1)) : 0;
    const most: i64 = (<i64>1 << (isSigned ? bits - 1 : bits)) - 1;
    if (value < least || value > most) return false;
  } else if (!isSigned && value < 0) {
    return false;
  }
  store<i64>(at, value);
  return true;
}

function writeMillisecondTicks(scale: u32, value: i64, at: usize): bool {
  if (value < LEAST_MS || value >= END_MS) return false;
  if (scale == 3) {
    store<i64>(at, value);
    return true;
  }
  if (scale < 3 || (scale == 9 && (value >= NANOS_END_MS || value < -NANOS_END_MS))) return false;
  let ticks = value;
  for (let digit: u32 = 3; digit < scale; digit++) ticks *= 10;
  store<i64>(at, ticks);
  return true;
}
