/** Decimal up to 18 digits, semantics of src/codec/reference/columns/decimal.ts: the text counts, never a double. */
import { negative, overflow, readDecimal, scaleDecimal, trim, trimmedEnd, trimmedStart } from "./decimal-text";
import {
  DECLINED,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  NODE_LENIENT,
  NODE_PRECISION,
  NODE_SCALE,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import { countCoercion } from "./outcome";
import { powerOfTen } from "./powers-of-ten";

/** Writes a decimal of 4 or 8 bytes. Digits beyond the scale are cut off. */
export function writeDecimal(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind == KIND_NUMBER) return storeDecimal(node, start, end, at);
  if (kind != KIND_STRING) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  if (load<u8>(node, NODE_LENIENT) == 0) return writeText(node, start, end, at);
  countCoercion();
  return trim(start, end) ? writeText(node, trimmedStart, trimmedEnd, at) : DECLINED;
}

/** An empty text is zero, as in ClickHouse. */
function writeText(node: usize, start: usize, end: usize, at: usize): u32 {
  if (start < end) return storeDecimal(node, start, end, at);
  store<u64>(at, 0);
  return OK;
}

function storeDecimal(node: usize, start: usize, end: usize, at: usize): u32 {
  const outcome = readDecimal(start, end);
  if (outcome != OK) return outcome;
  const magnitude = scaleDecimal(load<u8>(node, NODE_SCALE));
  if (overflow || magnitude >= powerOfTen(load<u32>(node, NODE_PRECISION))) return REJECT_FIELD_RANGE;
  const value = negative ? 0 - magnitude : magnitude;
  if (load<u32>(node, NODE_WIDTH) == 8) store<u64>(at, value);
  else store<u32>(at, <u32>value);
  return OK;
}
