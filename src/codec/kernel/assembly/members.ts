import { sameBytes } from "./bytes";
import { scanString, scanValue, skipColon, skipSpace, valueEnd, valueKind, valueStart } from "./json";
import { KIND_ESCAPED } from "./layout";
import { allocate } from "./memory";

/** Walks the elements of an array or the members of an object whose text has been checked already. */

/** Maps with more members than this, or with escapes in a key, are declined: finding keys that occur twice costs. */
const MAP_MEMBERS_MAX: u32 = 64;
const keys: usize = allocate(<usize>MAP_MEMBERS_MAX * 8);

export let keyStart: usize = 0;
export let keyEnd: usize = 0;
export let memberKind: u32 = 0;
export let memberStart: usize = 0;
export let memberEnd: usize = 0;

/** Where the first element or key begins, or the closing bracket. */
export function firstMember(start: usize, end: usize): usize {
  return skipSpace(start + 1, end);
}

/** Reads the element at `at` and returns where the next one begins; 0 at the closing bracket. */
export function nextElement(at: usize, end: usize): usize {
  if (load<u8>(at) == 0x5d) return 0;
  let next = scanValue(at, end);
  memberKind = valueKind;
  memberStart = valueStart;
  memberEnd = valueEnd;
  next = skipSpace(next, end);
  return load<u8>(next) == 0x2c ? skipSpace(next + 1, end) : next;
}

/** The same for a member of an object, with its key. */
export function nextMember(at: usize, end: usize): usize {
  if (load<u8>(at) == 0x7d) return 0;
  keyStart = at + 1;
  keyEnd = scanString(keyStart, end);
  let next = scanValue(skipColon(keyEnd + 1, end), end);
  memberKind = valueKind;
  memberStart = valueStart;
  memberEnd = valueEnd;
  next = skipSpace(next, end);
  return load<u8>(next) == 0x2c ? skipSpace(next + 1, end) : next;
}

export function countElements(start: usize, end: usize): u32 {
  let count: u32 = 0;
  for (let at = nextElement(firstMember(start, end), end); at != 0; at = nextElement(at, end)) count++;
  return count;
}

/** The number of members; −1 when the map is declined: a key twice (the last one counts), too many, or escapes. */
export function countMembers(start: usize, end: usize): i32 {
  let count: u32 = 0;
  let at = firstMember(start, end);
  while (load<u8>(at) != 0x7d) {
    const open = at + 1;
    const close = scanString(open, end);
    if (valueKind == KIND_ESCAPED || count == MAP_MEMBERS_MAX || hasKey(count, open, close - open)) return -1;
    store<u32>(keys + <usize>count * 8, <u32>open);
    store<u32>(keys + <usize>count * 8, <u32>(close - open), 4);
    count++;
    at = skipSpace(scanValue(skipColon(close + 1, end), end), end);
    if (load<u8>(at) == 0x2c) at = skipSpace(at + 1, end);
  }
  return <i32>count;
}

function hasKey(count: u32, start: usize, length: usize): bool {
  for (let index: u32 = 0; index < count; index++) {
    const key = keys + <usize>index * 8;
    if (<usize>load<u32>(key, 4) == length && sameBytes(<usize>load<u32>(key), start, length)) return true;
  }
  return false;
}
