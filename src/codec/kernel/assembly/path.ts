import { sameBytes } from "./bytes";
import { decodeEscapes } from "./escapes";
import { scanString, scanValue, skipColon, skipSpace, valueEnd, valueKind, valueStart } from "./json";
import { KIND_ESCAPED, KIND_MISSING, KIND_OBJECT } from "./layout";
import { rowStamp, slotEnd, slotKind, slotStart } from "./row";
import { scratchFor } from "./scratch";

/**
 * Field names, resolved. A list is a count and then pairs (slot, path): the first pair under which the document has a
 * value counts, null being a value. Path 0 means the slot itself; else the slot holds an object, and the path says how
 * many keys follow and each key's length and address.
 */
const PAIR_BYTES: usize = 8;

/** The field that was found last. */
export let fieldKind: u32 = KIND_MISSING;
export let fieldStart: usize = 0;
export let fieldEnd: usize = 0;

/** Finds the field of a list; returns its kind, KIND_MISSING when the document has none of the names. */
@inline
export function findField(row: usize, list: usize): u32 {
  if (load<u32>(list) == 1 && load<u32>(list, 8) == 0) {
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
  for (let index: u32 = 0; index < count; index++) {
    const pair = list + 4 + <usize>index * PAIR_BYTES;
    const slot = row + <usize>load<u32>(pair);
    fieldKind = slotKind(slot, stamp);
    fieldStart = slotStart(slot);
    fieldEnd = slotEnd(slot);
    const path = <usize>load<u32>(pair, 4);
    if (path != 0) enterPath(path);
    if (fieldKind != KIND_MISSING) return fieldKind;
  }
  fieldKind = KIND_MISSING;
  return KIND_MISSING;
}

/** Goes from the current field down a path of keys. The text has been checked, so nothing is checked again. */
function enterPath(path: usize): void {
  const depth = load<u32>(path);
  for (let index: u32 = 0; index < depth; index++) {
    if (fieldKind != KIND_OBJECT) {
      fieldKind = KIND_MISSING;
      return;
    }
    const key = path + 4 + <usize>index * 8;
    enterKey(<usize>load<u32>(key, 4), <usize>load<u32>(key));
  }
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
