import { DECLINED, KIND_NULL, KIND_STRING, OK, REJECT_FIELD_FORMAT, REJECT_FIELD_TYPE } from "./layout";

/**
 * UUID, with its four dashes or with none. RowBinary and Native keep it as two little-endian 64-bit halves. Takes and
 * returns what every writer of values does.
 */
export function writeUuid(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind != KIND_STRING) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  const length = end - start;
  if (length == 32) return storeDigits(v128.load(start), v128.load(start, 16), at);
  if (length != 36) return REJECT_FIELD_FORMAT;
  if (load<u8>(start, 8) != 0x2d || load<u8>(start, 13) != 0x2d) return REJECT_FIELD_FORMAT;
  if (load<u8>(start, 18) != 0x2d || load<u8>(start, 23) != 0x2d) return REJECT_FIELD_FORMAT;
  // Digits 0–7, 9–12, 14–17 and 19–22, 24–35, no load reaching beyond the text.
  const first = v128.shuffle<u8>(
    v128.load(start), v128.load(start, 2),
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 30, 31,
  );
  const second = v128.shuffle<u8>(
    v128.load(start, 19), v128.load(start, 20),
    0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 31,
  );
  return storeDigits(first, second, at);
}

/** Sixteen bytes from two times sixteen hexadecimal digits. */
@inline
function storeDigits(first: v128, second: v128, at: usize): u32 {
  if (!v128.all_true<u8>(v128.and(areDigits(first), areDigits(second)))) return REJECT_FIELD_FORMAT;
  const high = joinDigits(digitValues(first));
  const low = joinDigits(digitValues(second));
  v128.store(at, v128.shuffle<u8>(high, low, 14, 12, 10, 8, 6, 4, 2, 0, 30, 28, 26, 24, 22, 20, 18, 16));
  return OK;
}

@inline
function areDigits(text: v128): v128 {
  const decimal = v128.lt<u8>(v128.sub<u8>(text, v128.splat<u8>(0x30)), v128.splat<u8>(10));
  const small = v128.or(text, v128.splat<u8>(0x20));
  return v128.or(decimal, v128.lt<u8>(v128.sub<u8>(small, v128.splat<u8>(0x61)), v128.splat<u8>(6)));
}

/** Of checked digits: the low half of the character, and nine more for letters, which alone have bit 6. */
@inline
function digitValues(text: v128): v128 {
  const nine = v128.and(v128.gt<i8>(text, v128.splat<i8>(0x3f)), v128.splat<u8>(9));
  return v128.add<u8>(v128.and(text, v128.splat<u8>(0x0f)), nine);
}

/** Joins neighbours: the low byte of each pair becomes the pair's value, the high byte is of no use. */
@inline
function joinDigits(values: v128): v128 {
  return v128.or(v128.shl<u16>(values, 4), v128.shr<u16>(values, 8));
}
