/**
 * True when `start … end` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 * Sixteen bytes at a time where they are ASCII.
 */
export function isUtf8(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const high = i8x16.bitmask(v128.load(at));
    if (high == 0) {
      at += 16;
      continue;
    }
    at += ctz(high);
    while (at < end && load<u8>(at) >= 0x80) {
      const length = sequenceLength(at, end);
      if (length == 0) return false;
      at += length;
    }
  }
  return true;
}

/** Length of the multi-byte sequence that begins here, 0 when it is malformed. */
function sequenceLength(at: usize, end: usize): usize {
  const lead = <u32>load<u8>(at);
  const left = end - at;
  const second = <u32>load<u8>(at, 1);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && isContinuation(second) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !isContinuation(second) || !isContinuation(load<u8>(at, 2))) return 0;
    if (lead == 0xe0 && second < 0xa0) return 0;
    return lead == 0xed && second >= 0xa0 ? 0 : 3;
  }
  if (lead > 0xf4 || left < 4) return 0;
  if (!isContinuation(second) || !isContinuation(load<u8>(at, 2)) || !isContinuation(load<u8>(at, 3))) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  return lead == 0xf4 && second >= 0x90 ? 0 : 4;
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}
