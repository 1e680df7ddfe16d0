/** Int8 … UInt64, semantics of src/codec/reference/columns/int.ts, and small integers for rules and record facts. */
import {
  inexact,
  joinDigits,
  lanes,
  negative,
  overflow,
  readDecimal,
  scaleDecimal,
  trim,
  trimmedEnd,
  trimmedStart,
} from "./decimal-text";
import { isFalse, isTrue } from "./float";
import {
  DECLINED,
  KIND_FALSE,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  KIND_TRUE,
  NODE_LENIENT,
  NODE_SIGNED,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import { countCoercion } from "./outcome";

/** Writes an integer of the node's width, two's complement. */
export function writeInt(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind == KIND_NUMBER) {
    const isNegative = load<u8>(start) == 0x2d;
    const plain = readDigits(start + <usize>isNegative, end);
    if (plain == OK) return storeInteger(node, digitsValue, isNegative, at);
    return plain == REJECT_FIELD_RANGE ? plain : writeNumber(node, start, end, at);
  }
  if (kind == KIND_STRING) return writeText(node, start, end, at);
  if (kind == KIND_TRUE || kind == KIND_FALSE) return storeInteger(node, <u64>(kind == KIND_TRUE), false, at);
  return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
}

/** Up to eight bytes are written, whatever the width. */
@inline
function storeInteger(node: usize, magnitude: u64, isNegative: bool, at: usize): u32 {
  const bits = <u64>load<u32>(node, NODE_WIDTH) << 3;
  const isSigned = <u64>load<u32>(node, NODE_SIGNED);
  const most = u64.MAX_VALUE >> (64 - bits + isSigned);
  // Of signed integers there is one more below zero; of the others none.
  const limit = isNegative ? (most + 1) * isSigned : most;
  if (magnitude > limit) return REJECT_FIELD_RANGE;
  store<u64>(at, isNegative ? 0 - magnitude : magnitude);
  return OK;
}

let digitsValue: u64 = 0;

/** OK: all bytes are digits, `digitsValue` their number; REJECT_FIELD_RANGE: that is 2^64 or more; else DECLINED. */
function readDigits(start: usize, end: usize): u32 {
  const length = <u32>(end - start);
  if (length == 0) return DECLINED;
  const digits = i8x16.sub(v128.load(start), i8x16.splat(0x30));
  const isDigit = i8x16.bitmask(i8x16.lt_u(digits, i8x16.splat(10)));
  if (length <= 16) {
    const used = (1 << length) - 1;
    // Right-aligned: swizzle makes zeros of the lanes before the first digit.
    digitsValue = joinDigits(i8x16.swizzle(digits, i8x16.sub(lanes(), i8x16.splat(<i8>(16 - length)))));
    return (isDigit & used) == used ? OK : DECLINED;
  }
  if (isDigit != 0xffff) return DECLINED;
  let value = joinDigits(digits);
  let isTooLarge = false;
  for (let cursor = start + 16; cursor < end; cursor++) {
    const digit = <u64>load<u8>(cursor) - 0x30;
    if (digit > 9) return DECLINED;
    // Exact at the bound: 2^64 − 1 is 18446744073709551615.
    isTooLarge = isTooLarge || value > 1844674407370955161 || (value == 1844674407370955161 && digit > 5);
    value = value * 10 + digit;
  }
  digitsValue = value;
  return isTooLarge ? REJECT_FIELD_RANGE : OK;
}

/** A JSON number with a fraction or an exponent. */
function writeNumber(node: usize, start: usize, end: usize, at: usize): u32 {
  return readDecimal(start, end) == OK ? writeScaled(node, KIND_NUMBER, at) : DECLINED;
}

/** The number that `readDecimal` read, exact. */
function writeScaled(node: usize, kind: u32, at: usize): u32 {
  const magnitude = scaleDecimal(0);
  if (overflow) return inexact ? DECLINED : REJECT_FIELD_RANGE;
  if (inexact) {
    if (load<u8>(node, NODE_LENIENT) == 0) return REJECT_FIELD_TYPE;
    if (kind == KIND_NUMBER) countCoercion();
  }
  return storeInteger(node, magnitude, negative, at);
}

function writeText(node: usize, start: usize, end: usize, at: usize): u32 {
  const isLenient = load<u8>(node, NODE_LENIENT) != 0;
  if (isLenient) countCoercion();
  if (start == end || isFalse(start, end)) return storeInteger(node, 0, false, at);
  const sign = <u32>load<u8>(start);
  const plain = readDigits(start + <usize>(sign == 0x2d || sign == 0x2b), end);
  if (plain != DECLINED) {
    if (plain == REJECT_FIELD_RANGE || (sign == 0x2d && load<u32>(node, NODE_SIGNED) == 0)) return REJECT_FIELD_RANGE;
    return storeInteger(node, digitsValue, sign == 0x2d, at);
  }
  if (isTrue(start, end)) return storeInteger(node, 1, false, at);
  if (!isLenient) return REJECT_FIELD_FORMAT;
  if (!trim(start, end)) return DECLINED;
  const outcome = readDecimal(trimmedStart, trimmedEnd);
  return outcome == OK ? writeScaled(node, KIND_STRING, at) : outcome;
}

/** The value of a JSON number that is a plain integer of at most 15 digits; else the least i64. −0 counts as 0. */
export function readSmallInteger(start: usize, end: usize): i64 {
  if (start >= end) return i64.MIN_VALUE;
  const isNegative = load<u8>(start) == 0x2d;
  const from = start + <usize>isNegative;
  if (end - from > 15 || readDigits(from, end) != OK) return i64.MIN_VALUE;
  return isNegative ? -(<i64>digitsValue) : <i64>digitsValue;
}

/** Writes the decimal digits of a signed integer, up to 20 bytes; returns where they end. */
export function writeDecimalText(value: i64, at: usize): usize {
  let cursor = at;
  let rest = <u64>value;
  if (value < 0) {
    store<u8>(cursor++, 0x2d);
    rest = 0 - rest;
  }
  let end = cursor + 1;
  for (let bound: u64 = 10; end < cursor + 19 && rest >= bound; bound *= 10) end++;
  for (let to = end - 1; to >= cursor; to--) {
    store<u8>(to, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  return end;
}
