import {
  KIND_ARRAY,
  KIND_ESCAPED,
  KIND_FALSE,
  KIND_MISSING,
  KIND_NULL,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  KIND_TRUE,
} from "./layout";
import { allocate } from "./memory";

/**
 * RFC 8259, judged as JSON.parse judges it, on bytes. Functions take a position and the end of the text and return the
 * position after what they read, or 0 when it is not JSON. UTF-8 is judged afterwards, over the whole value, and only
 * when `highBits` says that a string had a byte above 0x7f.
 */

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** Nesting that is walked without help; deeper documents are declined. */
const DEPTH_MAX: usize = 1024;
const stack: usize = allocate(DEPTH_MAX);

/** Not 0: a string scanned since the last reset holds bytes above 0x7f. */
export let highBits: i32 = 0;
/** A document nests deeper than `DEPTH_MAX`: the 0 that was returned says nothing about its JSON. */
export let isTooDeep: bool = false;

/** What `scanValue` found, and the bounds as a slot has them: strings without their quotes. */
export let valueKind: u32 = 0;
export let valueStart: usize = 0;
export let valueEnd: usize = 0;

export function resetScan(): void {
  highBits = 0;
  isTooDeep = false;
}

/** Steps over space, tab, line feed and carriage return. */
@inline
export function skipSpace(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) <= 0x20 && isSpace(load<u8>(at))) at++;
  return at;
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/**
 * How many of the sixteen bytes at `from` come before the closing quote, when it is the first byte there that ends
 * anything; else 16. Bytes after the text's end are looked at: the caller compares with what is left.
 */
@inline
export function shortString(from: usize): usize {
  const bytes = v128.load(from);
  const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
  const special = i8x16.bitmask(
    v128.or(v128.or(quotes, i8x16.eq(bytes, i8x16.splat(0x5c))), i8x16.lt_u(bytes, i8x16.splat(0x20))),
  );
  const index = ctz(special | 0x10000);
  if (((i8x16.bitmask(quotes) >> index) & 1) == 0) return 16;
  highBits |= i8x16.bitmask(bytes) & ((1 << index) - 1);
  return <usize>index;
}

/**
 * How many of the sixteen bytes at `from` are digits, when no point and no exponent follows them; else 16. Bytes after
 * the text's end are looked at: the caller compares with what is left.
 */
@inline
export function shortInteger(from: usize): usize {
  const bytes = v128.load(from);
  const isOther = i8x16.bitmask(i8x16.gt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(9)));
  const length = <usize>ctz(isOther | 0x10000);
  const next = load<u8>(from + length);
  return next == 0x2e || (next | 0x20) == 0x65 ? 16 : length;
}

/** From after the opening quote to the closing one; sets `valueKind` to KIND_STRING or KIND_ESCAPED. */
export function scanString(from: usize, end: usize): usize {
  let at = from;
  valueKind = KIND_STRING;
  while (at < end) {
    const bytes = v128.load(at);
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_u(bytes, i8x16.splat(0x20)),
      ),
    );
    const high = i8x16.bitmask(bytes);
    if (special == 0) {
      highBits |= high;
      at += 16;
      continue;
    }
    const index = ctz(special);
    // Bytes after the stop belong to something else.
    highBits |= high & ((1 << index) - 1);
    at += index;
    if (at >= end) return 0;
    const byte = load<u8>(at);
    if (byte == QUOTE) return at;
    if (byte != BACKSLASH) return 0;
    valueKind = KIND_ESCAPED;
    at = skipEscape(at, end);
    if (at == 0) return 0;
  }
  return 0;
}

/** From a backslash to after its escape. */
function skipEscape(at: usize, end: usize): usize {
  if (end - at < 2) return 0;
  switch (<u32>load<u8>(at, 1)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2;
    case 0x75: {
      if (end - at < 6) return 0;
      for (let index: usize = 2; index < 6; index++) if (hexValue(load<u8>(at + index)) < 0) return 0;
      return at + 6;
    }
    default:
      return 0;
  }
}

/** 0 … 15, or −1. */
export function hexValue(byte: u32): i32 {
  if (byte - 0x30 < 10) return <i32>(byte - 0x30);
  const letter = (byte | 0x20) - 0x61;
  return letter < 6 ? <i32>letter + 10 : -1;
}

function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

function skipDigits(at: usize, end: usize): usize {
  while (at < end && isDigit(load<u8>(at))) at++;
  return at;
}

/** A JSON number: no plus, no leading zeros, digits on both sides of the point. */
@inline
function scanNumber(from: usize, end: usize): usize {
  let at = from;
  if (load<u8>(at) == 0x2d) at++;
  if (at >= end) return 0;
  const first = <u32>load<u8>(at);
  if (first == 0x30) at++;
  else if (isDigit(first)) at = skipDigits(at + 1, end);
  else return 0;
  if (at >= end) return at;
  const next = load<u8>(at);
  return next == 0x2e || (next | 0x20) == 0x65 ? scanFraction(at, end) : at;
}

function scanFraction(from: usize, end: usize): usize {
  let at = from;
  if (load<u8>(at) == 0x2e) {
    const digits = at + 1;
    at = skipDigits(digits, end);
    if (at == digits) return 0;
  }
  if (at < end && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (at < end && (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d)) at++;
    const digits = at;
    at = skipDigits(at, end);
    if (at == digits) return 0;
  }
  return at;
}

/** Any value that begins here, white space before it excluded. Sets `valueKind`, `valueStart` and `valueEnd`. */
export function scanValue(at: usize, end: usize): usize {
  valueKind = KIND_MISSING;
  if (at >= end) return 0;
  const first = <u32>load<u8>(at);
  valueStart = at;
  if (first == QUOTE) {
    const close = scanString(at + 1, end);
    valueStart = at + 1;
    valueEnd = close;
    return close == 0 ? 0 : close + 1;
  }
  let next: usize = 0;
  let kind: u32 = KIND_NUMBER;
  if (first == 0x7b || first == 0x5b) {
    kind = first == 0x7b ? KIND_OBJECT : KIND_ARRAY;
    next = skipNested(at, end);
  } else if (first == 0x6e) {
    kind = KIND_NULL;
    if (end - at >= 4 && load<u32>(at) == 0x6c6c756e) next = at + 4;
  } else if (first == 0x74) {
    kind = KIND_TRUE;
    if (end - at >= 4 && load<u32>(at) == 0x65757274) next = at + 4;
  } else if (first == 0x66) {
    kind = KIND_FALSE;
    if (end - at >= 5 && load<u32>(at, 1) == 0x65736c61) next = at + 5;
  } else {
    next = scanNumber(at, end);
  }
  valueKind = kind;
  valueStart = at;
  valueEnd = next;
  return next;
}

/** An object or an array with all that is in it. A loop over a stack of opening bytes: depth is the sender's choice. */
function skipNested(from: usize, end: usize): usize {
  let depth: usize = 0;
  let at = from;
  while (true) {
    // Here a value is due.
    if (at >= end) return 0;
    const first = load<u8>(at);
    let isClosed = true;
    if (first == 0x7b || first == 0x5b) {
      const opener = first;
      at = skipSpace(at + 1, end);
      if (at >= end) return 0;
      if (load<u8>(at) == opener + 2) {
        at++;
      } else {
        if (depth == DEPTH_MAX) {
          isTooDeep = true;
          return 0;
        }
        store<u8>(stack + depth, opener);
        depth++;
        if (opener == 0x7b) at = skipKey(at, end);
        if (at == 0) return 0;
        isClosed = false;
      }
    } else {
      at = scanValue(at, end);
      if (at == 0) return 0;
    }
    if (!isClosed) continue;
    // Here a value has ended: close what ends with it, then a comma is due.
    while (true) {
      if (depth == 0) return at;
      at = skipSpace(at, end);
      if (at >= end) return 0;
      if (load<u8>(at) != load<u8>(stack + depth - 1) + 2) break;
      depth--;
      at++;
    }
    if (load<u8>(at) != 0x2c) return 0;
    at = skipSpace(at + 1, end);
    if (load<u8>(stack + depth - 1) == 0x7b) {
      at = skipKey(at, end);
      if (at == 0) return 0;
    }
  }
}

/** From the opening quote of a key to the beginning of its value. */
function skipKey(at: usize, end: usize): usize {
  if (at >= end || load<u8>(at) != QUOTE) return 0;
  const close = scanString(at + 1, end);
  return close == 0 ? 0 : skipColon(close + 1, end);
}

/** From after a key's closing quote to the beginning of its value. */
export function skipColon(at: usize, end: usize): usize {
  const colon = skipSpace(at, end);
  return colon < end && load<u8>(colon) == 0x3a ? skipSpace(colon + 1, end) : 0;
}
