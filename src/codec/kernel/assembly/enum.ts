import {
  DECLINED,
  ENUM_ENTRY_BYTES,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  NODE_TABLE,
  NODE_TABLE_COUNT,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import {
  decimalFraction,
  decimalHasMore,
  decimalIsNegative,
  decimalWhole,
  readDecimal,
} from "./read-time-decimal";
import { isDigit } from "./read-time-digits";

/** What the look-ups return for what the type does not have; values have 16 bits. */
const NO_VALUE: i32 = i32.MIN_VALUE;

/**
 * Enum8 and Enum16: by name, else by number, the number also as text; a name goes before a number. Takes and returns
 * what every writer of values does.
 */
export function writeEnum(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  let value: i32;
  if (kind == KIND_STRING) {
    value = findName(node, start, end);
    if (value == NO_VALUE) value = findNumber(node, readWholeText(start, end));
    if (value == NO_VALUE) return REJECT_FIELD_FORMAT;
  } else if (kind == KIND_NUMBER) {
    const outcome = readDecimal(start, end);
    if (outcome != OK) return outcome;
    if (decimalFraction != 0 || decimalHasMore || decimalWhole > 0x7fffffff) return REJECT_FIELD_RANGE;
    value = findNumber(node, decimalIsNegative ? -(<i32>decimalWhole) : <i32>decimalWhole);
    if (value == NO_VALUE) return REJECT_FIELD_RANGE;
  } else {
    return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  }
  if (load<u32>(node, NODE_WIDTH) == 1) store<i8>(at, <i8>value);
  else store<i16>(at, <i16>value);
  return OK;
}

/** One entry after the other: lengths and first bytes tell nearly all names apart, and enums are short. */
function findName(node: usize, start: usize, end: usize): i32 {
  const length = end - start;
  const table = <usize>load<u32>(node, NODE_TABLE);
  const tableEnd = table + <usize>load<u32>(node, NODE_TABLE_COUNT) * ENUM_ENTRY_BYTES;
  for (let entry = table; entry < tableEnd; entry += ENUM_ENTRY_BYTES) {
    if (<usize>load<u32>(entry, 4) == length && areEqual(<usize>load<u32>(entry, 8), start, length)) {
      return load<i32>(entry);
    }
  }
  return NO_VALUE;
}

@inline
function areEqual(left: usize, right: usize, length: usize): bool {
  let rest = length;
  while (rest >= 8) {
    rest -= 8;
    if (load<u64>(left + rest) != load<u64>(right + rest)) return false;
  }
  while (rest > 0) {
    rest--;
    if (load<u8>(left + rest) != load<u8>(right + rest)) return false;
  }
  return true;
}

/** `number` itself when the type has it, else NO_VALUE. */
function findNumber(node: usize, number: i32): i32 {
  const table = <usize>load<u32>(node, NODE_TABLE);
  const tableEnd = table + <usize>load<u32>(node, NODE_TABLE_COUNT) * ENUM_ENTRY_BYTES;
  for (let entry = table; entry < tableEnd; entry += ENUM_ENTRY_BYTES) {
    if (load<i32>(entry) == number) return number;
  }
  return NO_VALUE;
}

/** Digits, perhaps with a sign before them; NO_VALUE for other text, a number no enum has for one that is too large. */
function readWholeText(start: usize, end: usize): i32 {
  let cursor = start;
  const isNegative = cursor < end && load<u8>(cursor) == 0x2d;
  if (cursor < end && (load<u8>(cursor) == 0x2d || load<u8>(cursor) == 0x2b)) cursor++;
  if (cursor == end) return NO_VALUE;
  let number: i32 = 0;
  for (; cursor < end; cursor++) {
    if (!isDigit(load<u8>(cursor))) return NO_VALUE;
    number = min(number * 10 + <i32>(load<u8>(cursor) - 0x30), 100_000);
  }
  return isNegative ? -number : number;
}
