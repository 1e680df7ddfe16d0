import { DECLINED, KIND_NULL, KIND_STRING, OK, REJECT_FIELD_FORMAT, REJECT_FIELD_TYPE } from "./layout";

const POINT: u32 = 0x2e;
const COLON: u32 = 0x3a;

/** What `readIpv4` returns for text that is no address; addresses have 32 bits. */
const NO_ADDRESS: u64 = u64.MAX_VALUE;

/**
 * IPv4: dotted text of four decimal numbers, kept as a little-endian number. Takes and returns what every writer of
 * values does.
 */
export function writeIpv4(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind != KIND_STRING) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  const address = readIpv4(start, end);
  if (address == NO_ADDRESS) return REJECT_FIELD_FORMAT;
  store<u32>(at, <u32>address);
  return OK;
}

/** Four numbers of one to three digits each, 0 … 255; zeros in front do not matter. */
function readIpv4(start: usize, end: usize): u64 {
  if (end - start - 7 > 8) return NO_ADDRESS;
  let address: u32 = 0;
  let number: u32 = 0;
  let digits: u32 = 0;
  let points: u32 = 0;
  for (let cursor = start; cursor < end; cursor++) {
    const byte = <u32>load<u8>(cursor);
    const digit = byte - 0x30;
    if (digit < 10) {
      number = number * 10 + digit;
      digits++;
    } else {
      if (byte != POINT || digits - 1 > 2 || number > 255) return NO_ADDRESS;
      address = (address << 8) | number;
      points++;
      number = 0;
      digits = 0;
    }
  }
  return points == 3 && digits - 1 <= 2 && number <= 255 ? <u64>((address << 8) | number) : NO_ADDRESS;
}

/** The first half of an IPv4 address mapped into IPv6 is zero; the second begins with these bytes. */
const MAPPED: u64 = 0x00000000ffff0000;

/**
 * IPv6: RFC 4291 text, kept in network order; text without a colon is read as what follows `::ffff:`. Takes and returns
 * what every writer of values does.
 */
export function writeIpv6(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind != KIND_STRING) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  const address = readIpv4(start, end);
  if (address != NO_ADDRESS) {
    store<u64>(at, 0);
    store<u64>(at, MAPPED | (<u64>bswap<u32>(<u32>address) << 32), 8);
    return OK;
  }
  if (hasColon(start, end)) return readGroups(start, end, at);
  // After `::ffff:` a single group is in its place too.
  if (end - start - 1 > 3 || readGroup(start, end) != end) return REJECT_FIELD_FORMAT;
  store<u64>(at, 0);
  // `::ffff:abcd` has no zeros behind: these are the last two of eight groups.
  store<u64>(at, (<u64>0xffff << 32) | (<u64>bswap<u16>(<u16>group) << 48), 8);
  return OK;
}

function hasColon(start: usize, end: usize): bool {
  for (let cursor = start; cursor < end; cursor++) if (load<u8>(cursor) == COLON) return true;
  return false;
}

/** The group that `readGroup` has read. */
let group: u32 = 0;

/** Reads up to four hexadecimal digits and returns where they end; `start` when there is none. */
@inline
function readGroup(start: usize, end: usize): usize {
  const last = end - start > 4 ? start + 4 : end;
  let cursor = start;
  let value: u32 = 0;
  for (; cursor < last; cursor++) {
    const byte = <u32>load<u8>(cursor);
    let digit = byte - 0x30;
    if (digit > 9) {
      digit = (byte | 0x20) - 0x61;
      if (digit > 5) break;
      digit += 10;
    }
    value = (value << 4) | digit;
  }
  group = value;
  return cursor;
}

/**
 * Groups of 16 bits with colons between, at one place two colons for one or more groups of zeros; the last two groups
 * may be an IPv4 address. What follows the two colons is moved to the end when all is read.
 */
function readGroups(start: usize, end: usize, at: usize): u32 {
  let cursor = start;
  let count: usize = 0;
  let gap: isize = -1;
  if (end - start >= 2 && load<u16>(start) == 0x3a3a) {
    gap = 0;
    cursor += 2;
  }
  while (cursor < end) {
    if (count == 8) return REJECT_FIELD_FORMAT;
    const next = readGroup(cursor, end);
    if (next < end && load<u8>(next) == POINT) {
      const address = readIpv4(cursor, end);
      if (address == NO_ADDRESS || count > 6) return REJECT_FIELD_FORMAT;
      store<u32>(at + count * 2, bswap<u32>(<u32>address));
      count += 2;
      break;
    }
    if (next == cursor) return REJECT_FIELD_FORMAT;
    store<u16>(at + count * 2, bswap<u16>(<u16>group));
    count++;
    cursor = next;
    if (cursor == end) break;
    if (load<u8>(cursor++) != COLON || cursor == end) return REJECT_FIELD_FORMAT;
    if (load<u8>(cursor) == COLON) {
      if (gap >= 0) return REJECT_FIELD_FORMAT;
      gap = <isize>count;
      cursor++;
    }
  }
  if (gap < 0) return count == 8 ? OK : REJECT_FIELD_FORMAT;
  if (count > 7) return REJECT_FIELD_FORMAT;
  const moved = (count - <usize>gap) * 2;
  const from = at + <usize>gap * 2;
  memory.copy(at + 16 - moved, from, moved);
  memory.fill(from, 0, 16 - <usize>gap * 2 - moved);
  return OK;
}
