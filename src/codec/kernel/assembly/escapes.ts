import { hexValue } from "./json";

/** True when the last decoded text held half of a surrogate pair, which has no UTF-8. */
export let hasLoneSurrogate: bool = false;

/**
 * Decodes the escapes of a scanned string into `target`, which has room for `end − start` bytes: an escape is never
 * shorter than what it stands for. Returns the end of the decoded text.
 */
export function decodeEscapes(start: usize, end: usize, target: usize): usize {
  let from = start;
  let to = target;
  hasLoneSurrogate = false;
  while (from < end) {
    const byte = load<u8>(from);
    if (byte != 0x5c) {
      store<u8>(to++, byte);
      from++;
      continue;
    }
    const escape = <u32>load<u8>(from, 1);
    from += 2;
    if (escape != 0x75) {
      store<u8>(to++, simpleEscape(escape));
      continue;
    }
    let code = hexFour(from);
    from += 4;
    if ((code & 0xf800) == 0xd800) {
      const isPair = code < 0xdc00 && end - from >= 6 && load<u16>(from) == 0x755c && (hexFour(from + 2) & 0xfc00) == 0xdc00;
      if (isPair) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (hexFour(from + 2) & 0x3ff);
        from += 6;
      } else {
        hasLoneSurrogate = true;
        code = 0xfffd;
      }
    }
    to = writeUtf8(code, to);
  }
  return to;
}

function simpleEscape(escape: u32): u8 {
  switch (escape) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return <u8>escape; // quote, backslash, slash
  }
}

function hexFour(at: usize): u32 {
  return <u32>(
    ((hexValue(load<u8>(at)) << 12) |
      (hexValue(load<u8>(at, 1)) << 8) |
      (hexValue(load<u8>(at, 2)) << 4) |
      hexValue(load<u8>(at, 3)))
  );
}

function writeUtf8(code: u32, at: usize): usize {
  if (code < 0x80) {
    store<u8>(at, <u8>code);
    return at + 1;
  }
  if (code < 0x800) {
    store<u8>(at, <u8>(0xc0 | (code >> 6)));
    store<u8>(at, <u8>(0x80 | (code & 0x3f)), 1);
    return at + 2;
  }
  if (code < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (code >> 12)));
    store<u8>(at, <u8>(0x80 | ((code >> 6) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | (code & 0x3f)), 2);
    return at + 3;
  }
  store<u8>(at, <u8>(0xf0 | (code >> 18)));
  store<u8>(at, <u8>(0x80 | ((code >> 12) & 0x3f)), 1);
  store<u8>(at, <u8>(0x80 | ((code >> 6) & 0x3f)), 2);
  store<u8>(at, <u8>(0x80 | (code & 0x3f)), 3);
  return at + 4;
}
