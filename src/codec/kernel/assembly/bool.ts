/** Bool, semantics of src/codec/reference/columns/bool.ts: true, false, 1 and 0; in lenient mode also as text. */
import { inexact, negative, overflow, readDecimal, scaleDecimal, trim, trimmedEnd, trimmedStart } from "./decimal-text";
import {
  DECLINED,
  KIND_FALSE,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  KIND_TRUE,
  NODE_LENIENT,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import { countCoercion } from "./outcome";

/** Writes one byte, 0 or 1. */
export function writeBool(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind == KIND_TRUE || kind == KIND_FALSE) {
    store<u8>(at, <u8>(kind == KIND_TRUE));
    return OK;
  }
  if (kind == KIND_NUMBER) return writeNumber(start, end, at);
  if (kind == KIND_NULL) return DECLINED;
  return kind == KIND_STRING && load<u8>(node, NODE_LENIENT) != 0 ? writeText(start, end, at) : REJECT_FIELD_TYPE;
}

/** `1.0` and `-0` are 1 and 0 as well. */
function writeNumber(start: usize, end: usize, at: usize): u32 {
  if (end - start == 1) {
    const digit = <u32>load<u8>(start) - 0x30;
    store<u8>(at, <u8>digit);
    return digit > 1 ? REJECT_FIELD_RANGE : OK;
  }
  if (readDecimal(start, end) != OK) return DECLINED;
  const magnitude = scaleDecimal(0);
  if (inexact || overflow || magnitude > <u64>!negative) return REJECT_FIELD_RANGE;
  store<u8>(at, <u8>magnitude);
  return OK;
}

/** `true`, `false`, `1`, `0`, in any case and between white space. */
function writeText(start: usize, end: usize, at: usize): u32 {
  if (!trim(start, end)) return DECLINED;
  const from = trimmedStart;
  const length = trimmedEnd - from;
  const letters = load<u32>(from) | 0x20202020;
  let value: u32 = 0;
  if (length == 1) {
    value = <u32>load<u8>(from) - 0x30;
    if (value > 1) return REJECT_FIELD_FORMAT;
  } else if (length == 4) {
    if (letters != 0x65757274) return REJECT_FIELD_FORMAT;
    value = 1;
  } else if (length != 5 || letters != 0x736c6166 || (load<u8>(from, 4) | 0x20) != 0x65) {
    return REJECT_FIELD_FORMAT;
  }
  store<u8>(at, <u8>value);
  countCoercion();
  return OK;
}
