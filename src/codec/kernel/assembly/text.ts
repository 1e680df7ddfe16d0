import { decodeEscapes, hasLoneSurrogate } from "./escapes";
import { writeDecimalText } from "./integer";
import {
  DECLINED,
  KIND_BYTES,
  KIND_ESCAPED,
  KIND_INTEGER,
  KIND_NUMBER,
  KIND_STRING,
  NODE_LENIENT,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import { countCoercion } from "./outcome";
import { scratchFor } from "./scratch";

/** The bytes that a String column stores, after `findText`. */
export let textStart: usize = 0;
export let textEnd: usize = 0;

@inline
export function integerOf(low: usize, high: usize): i64 {
  return (<i64>high << 32) | <i64>low;
}

/**
 * Text for a String column: strings decoded, bytes as they are, anything else as the text that the document had for it.
 * Valid until the next text is decoded.
 */
@inline
export function findText(node: usize, kind: u32, start: usize, end: usize): u32 {
  textStart = start;
  textEnd = end;
  if (kind == KIND_STRING) return OK;
  return findOtherText(node, kind, start, end);
}

function findOtherText(node: usize, kind: u32, start: usize, end: usize): u32 {
  if (kind == KIND_ESCAPED) return decodeText(start, end);
  if (kind == KIND_INTEGER) return writeIntegerText(start, end);
  if (kind == KIND_NUMBER && load<u8>(node, NODE_LENIENT) != 0) countCoercion();
  return OK;
}

/** Half of a surrogate pair has no UTF-8. */
function decodeText(start: usize, end: usize): u32 {
  textStart = scratchFor(end - start);
  if (textStart == 0) return DECLINED;
  textEnd = decodeEscapes(start, end, textStart);
  return hasLoneSurrogate ? REJECT_FIELD_FORMAT : OK;
}

export function writeIntegerText(low: usize, high: usize): u32 {
  textStart = scratchFor(32);
  if (textStart == 0) return DECLINED;
  textEnd = writeDecimalText(integerOf(low, high), textStart);
  return OK;
}

/** FixedString(N): text or bytes of at most N bytes, filled up with zeros; numbers only when lenient. */
export function writeFixedString(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const width = <usize>load<u32>(node, NODE_WIDTH);
  const isText = kind == KIND_STRING || kind == KIND_ESCAPED || kind == KIND_BYTES;
  const isNumber = kind == KIND_NUMBER && load<u8>(node, NODE_LENIENT) != 0;
  if (!isText && !isNumber) return kind == KIND_INTEGER ? DECLINED : REJECT_FIELD_TYPE;
  const outcome = findText(node, kind, start, end);
  if (outcome != OK) return outcome;
  const length = textEnd - textStart;
  if (length > width) return REJECT_FIELD_RANGE;
  memory.copy(at, textStart, length);
  memory.fill(at + length, 0, width - length);
  return OK;
}
