import { decodeEscapes } from "./escapes";
import { highBits, isTooDeep, resetScan, scanString, scanValue, shortInteger, shortString, skipColon, skipSpace, valueEnd, valueKind, valueStart } from "./json";
import { internKey, isRepeated, KEY_NONE, KEY_ROOT, learnSuccessor, literalEnd, predictKey, slotOfKey, unknownSlot } from "./keys";
import {
  DECLINED,
  KIND_ESCAPED,
  KIND_NUMBER,
  KIND_STRING,
  OK,
  REJECT_EMPTY_VALUE,
  REJECT_INVALID_UTF8,
  REJECT_JSON_NOT_OBJECT,
  REJECT_JSON_PARSE_FAILED,
  REJECT_NULL_VALUE,
  SLOT_END,
  SLOT_KIND,
  SLOT_STAMP,
  SLOT_START,
} from "./layout";
import { rowStamp, rowValueEnd, rowValueStart, setRowUnknownFields } from "./row";
import { scratchFor } from "./scratch";
import { isUtf8 } from "./utf8";

/** Reads the record's JSON object into the slots of its row, and checks all of it. Returns OK, DECLINED or a rejection. */
export function readDocument(row: usize): u32 {
  const start = rowValueStart(row);
  const end = rowValueEnd(row);
  if (start == 0) return REJECT_NULL_VALUE;
  if (start == end) return REJECT_EMPTY_VALUE;
  resetScan();
  const open = skipSpace(start, end);
  if (open >= end || load<u8>(open) != 0x7b) return judgeOther(start, open, end);
  const close = readMembers(row, open, end);
  if (close == 0 || skipSpace(close, end) != end) return judgeFailure(start, end);
  return highBits == 0 || isUtf8(start, end) ? OK : REJECT_INVALID_UTF8;
}

/** From the opening brace to after the closing one, 0 when it is not JSON. */
function readMembers(row: usize, open: usize, end: usize): usize {
  const stamp = rowStamp(row);
  let previous = KEY_ROOT;
  let unknownFields: u32 = 0;
  let at = open;
  while (true) {
    let key = predictKey(previous, at, end);
    if (key != KEY_NONE) {
      at = literalEnd;
    } else {
      const literal = at;
      at = skipSpace(at, end);
      if (at >= end) return 0;
      const byte = load<u8>(at);
      if (literal == open) {
        at = skipSpace(at + 1, end);
        if (at < end && load<u8>(at) == 0x7d) break;
      } else {
        if (byte == 0x7d) break;
        if (byte != 0x2c) return 0;
        at = skipSpace(at + 1, end);
      }
      key = readKey(at, end);
      at = keyEnd;
      if (at == 0) return 0;
      // What is predicted is not looked at again, so that a literal may not hold what is no UTF-8.
      if (highBits == 0 || isUtf8(literal, at)) learnSuccessor(previous, key, literal, at);
    }
    if (at >= end) return 0;
    const slot = row + <usize>slotOfKey(key);
    const first = <u32>load<u8>(at);
    if (first == 0x22) at = readString(slot, at + 1, end);
    else if (first - 0x31 < 9) at = readInteger(slot, at, end);
    else at = readOther(slot, at, end);
    if (at == 0) return 0;
    store<u32>(slot, stamp, SLOT_STAMP);
    if (slotOfKey(key) == unknownSlot && (key == KEY_NONE || !isRepeated(key, stamp))) unknownFields++;
    previous = key;
  }
  setRowUnknownFields(row, unknownFields);
  return at + 1;
}

/** A string whose opening quote stands before `start`; most end within the first sixteen bytes. */
@inline
function readString(slot: usize, start: usize, end: usize): usize {
  const index = shortString(start);
  if (index >= 16 || index >= end - start) return readLongString(slot, start, end);
  store<u32>(slot, KIND_STRING, SLOT_KIND);
  store<u32>(slot, <u32>start, SLOT_START);
  store<u32>(slot, <u32>(start + index), SLOT_END);
  return start + index + 1;
}

function readLongString(slot: usize, start: usize, end: usize): usize {
  const close = scanString(start, end);
  store<u32>(slot, valueKind, SLOT_KIND);
  store<u32>(slot, <u32>start, SLOT_START);
  store<u32>(slot, <u32>close, SLOT_END);
  return close == 0 ? 0 : close + 1;
}

/** A number that begins with 1 … 9; most are whole and end within the first sixteen bytes. */
@inline
function readInteger(slot: usize, start: usize, end: usize): usize {
  const length = shortInteger(start);
  if (length >= 16 || length >= end - start) return readOther(slot, start, end);
  store<u32>(slot, KIND_NUMBER, SLOT_KIND);
  store<u32>(slot, <u32>start, SLOT_START);
  store<u32>(slot, <u32>(start + length), SLOT_END);
  return start + length;
}

/** Any other value, and white space before it: a predicted literal may end before the space of this document does. */
function readOther(slot: usize, at: usize, end: usize): usize {
  const from = skipSpace(at, end);
  const next = scanValue(from, end);
  store<u32>(slot, valueKind, SLOT_KIND);
  store<u32>(slot, <u32>valueStart, SLOT_START);
  store<u32>(slot, <u32>valueEnd, SLOT_END);
  return next;
}

/** Where the value of the key that was read last begins; 0 when there is no key and colon. */
let keyEnd: usize = 0;

function readKey(at: usize, end: usize): usize {
  keyEnd = 0;
  if (at >= end || load<u8>(at) != 0x22) return KEY_NONE;
  const close = scanString(at + 1, end);
  if (close == 0) return KEY_NONE;
  keyEnd = skipColon(close + 1, end);
  if (valueKind != KIND_ESCAPED) return internKey(at + 1, close - at - 1);
  const decoded = scratchFor(close - at);
  if (decoded == 0) return KEY_NONE;
  return internKey(decoded, decodeEscapes(at + 1, close, decoded) - decoded);
}

/** A value that is no object. A string may hold a document, which is the reference's to unwrap. */
function judgeOther(start: usize, open: usize, end: usize): u32 {
  const close = scanValue(open, end);
  if (close == 0 || skipSpace(close, end) != end) return judgeFailure(start, end);
  if (valueKind == KIND_STRING || valueKind == KIND_ESCAPED) return DECLINED;
  return highBits == 0 || isUtf8(start, end) ? REJECT_JSON_NOT_OBJECT : REJECT_INVALID_UTF8;
}

/** Why a value is not JSON. A byte order mark in front is no fault, but the reference's to skip. */
function judgeFailure(start: usize, end: usize): u32 {
  if (isTooDeep || load<u8>(start) == 0xef) return DECLINED;
  return isUtf8(start, end) ? REJECT_JSON_PARSE_FAILED : REJECT_INVALID_UTF8;
}
