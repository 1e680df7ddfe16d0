import { sameBytes } from "./bytes";
import { decodeEscapes } from "./escapes";
import { scanString, scanValue, skipColon, skipSpace, valueEnd, valueKind, valueStart } from "./json";
import { KIND_ARRAY, KIND_ESCAPED, KIND_MISSING, KIND_NULL, KIND_OBJECT, KIND_STRING } from "./layout";
import { rowStamp, slotEnd, slotKind, slotStart } from "./row";
import { scratchFor } from "./scratch";

/**
 * Field names, resolved. A list is a count and then entries (slot, rest, blocks): the first entry under which the document
 * has a value counts, null being a value. Rest 0 means the slot itself; else the slot holds an object, which is searched
 * for the rest of the name: length and address of the rest as one key, then a count of heads, each the length and address
 * of a key, the rest after it, and `blocks`. What stands in a head's place and is no object blocks the field, if it says
 * so (src/codec/reference/path.ts).
 */
const ENTRY_BYTES: usize = 12;
const REST_HEADS: usize = 12;
const HEAD_BYTES: usize = 16;

/** The field that was found last. */
export let fieldKind: u32 = KIND_MISSING;
export let fieldStart: usize = 0;
export let fieldEnd: usize = 0;

/** True when a value that is no object stood in the way of the field that was not found last. */
export let isFieldBlocked: bool = false;

/** Finds the field of a list; returns its kind, KIND_MISSING when the document has none of the names. */
@inline
export function findField(row: usize, list: usize): u32 {
  if (load<u32>(list) == 1 && load<u32>(list, 8) == 0) {
    isFieldBlocked = false;
    const slot = row + <usize>load<u32>(list, 4);
    fieldKind = slotKind(slot, rowStamp(row));
    fieldStart = slotStart(slot);
    fieldEnd = slotEnd(slot);
    return fieldKind;
  }
  return findAmong(row, list);
}

function findAmong(row: usize, list: usize): u32 {
  const count = load<u32>(list);
  const stamp = rowStamp(row);
  isFieldBlocked = false;
  for (let index: u32 = 0; index < count; index++) {
    const entry = list + 4 + <usize>index * ENTRY_BYTES;
    const slot = row + <usize>load<u32>(entry);
    fieldKind = slotKind(slot, stamp);
    fieldStart = slotStart(slot);
    fieldEnd = slotEnd(slot);
    const rest = <usize>load<u32>(entry, 4);
    if (rest != 0) enterRest(rest, load<u32>(entry, 8));
    if (fieldKind != KIND_MISSING) return fieldKind;
  }
  fieldKind = KIND_MISSING;
  return KIND_MISSING;
}

/** Goes from the current field to the rest of a name in it. The text has been checked, so nothing is checked again. */
function enterRest(rest: usize, blocks: u32): void {
  if (fieldKind != KIND_OBJECT) {
    if (blocks != 0 && fieldKind > <u32>KIND_NULL && !isEmpty()) isFieldBlocked = true;
    fieldKind = KIND_MISSING;
    return;
  }
  const start = fieldStart;
  const end = fieldEnd;
  enterKey(<usize>load<u32>(rest, 4), <usize>load<u32>(rest));
  const headsEnd = rest + REST_HEADS + <usize>load<u32>(rest, 8) * HEAD_BYTES;
  for (let head = rest + REST_HEADS; head < headsEnd && fieldKind == KIND_MISSING; head += HEAD_BYTES) {
    fieldStart = start;
    fieldEnd = end;
    enterKey(<usize>load<u32>(head, 4), <usize>load<u32>(head));
    if (fieldKind != KIND_MISSING) enterRest(<usize>load<u32>(head, 8), load<u32>(head, 12));
  }
}

/** The current field is a text or an array with nothing in it. */
function isEmpty(): bool {
  if (fieldKind == KIND_STRING) return fieldStart == fieldEnd;
  return fieldKind == KIND_ARRAY && load<u8>(skipSpace(fieldStart + 1, fieldEnd)) == 0x5d;
}

/** Of a key that occurs twice the last one counts. */
function enterKey(key: usize, length: usize): void {
  const end = fieldEnd;
  let at = skipSpace(fieldStart + 1, end);
  fieldKind = KIND_MISSING;
  while (load<u8>(at) == 0x22) {
    const close = scanString(at + 1, end);
    const isWanted = valueKind == KIND_ESCAPED ? isSameDecoded(at + 1, close, key, length) : isSame(at + 1, close, key, length);
    at = scanValue(skipColon(close + 1, end), end);
    if (isWanted) {
      fieldKind = valueKind;
      fieldStart = valueStart;
      fieldEnd = valueEnd;
    }
    at = skipSpace(at, end);
    if (load<u8>(at) == 0x2c) at = skipSpace(at + 1, end);
  }
}

function isSame(start: usize, end: usize, key: usize, length: usize): bool {
  return end - start == length && sameBytes(start, key, length);
}

function isSameDecoded(start: usize, end: usize, key: usize, length: usize): bool {
  const decoded = scratchFor(end - start);
  return decoded != 0 && isSame(decoded, decodeEscapes(start, end, decoded), key, length);
}
