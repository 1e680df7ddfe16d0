import { hashBytes, sameBytes } from "./bytes";
import { allocate } from "./memory";

/**
 * The keys of documents. Each key that was seen gets an entry, and each entry remembers which two keys came after it
 * last, with all the bytes between the two values (`,"status":`). So a document that has its keys in the order
 * of an earlier one costs one or two 16-byte compares a key, whatever the order is, and one that leaves a key out costs
 * one look-up in a table.
 */


const KEYS_MAX: u32 = 512;
const KEY_LENGTH_MAX: usize = 256;
const TABLE_SLOTS: u32 = 2048;

// A key: address and length of its bytes, its slot's offset in a row, the stamp of the record that had
// it last, then two successors.
const ENTRY_BYTES: usize = 16 + 2 * 80;
const ENTRY_ADDRESS: usize = 0;
const ENTRY_LENGTH: usize = 4;
const ENTRY_SLOT: usize = 8;
const ENTRY_STAMP: usize = 12;
const ENTRY_SUCCESSORS: usize = 16;

// A successor: length of the bytes, the key, masks for the first and the second sixteen bytes, then the bytes.
const SUCCESSOR_BYTES: usize = 80;
const SUCCESSOR_KEY: usize = 4;
const SUCCESSOR_MASKS: usize = 8;
const SUCCESSOR_LITERAL: usize = 16;
const LITERAL_BYTES_MAX: usize = 64;

/** Offset of the slot that takes what nothing reads. */
export let unknownSlot: u32 = 0;

export function setUnknownSlot(slot: u32): void {
  unknownSlot = slot;
  store<u32>(KEY_NONE, slot, ENTRY_SLOT);
}

const entries: usize = allocate(<usize>KEYS_MAX * ENTRY_BYTES);

// A key is named by the address of its entry.
/** The beginning of a document, as the key before its first. */
export const KEY_ROOT: usize = entries;
/** A key that found no room any more: never predicted, never known. */
export const KEY_NONE: usize = entries + ENTRY_BYTES;

const table: usize = allocate(<usize>TABLE_SLOTS * 2);
let keyCount: u32 = 2;

/** Where the last predicted literal ended. */
export let literalEnd: usize = 0;

@inline
export function slotOfKey(key: usize): u32 {
  return load<u32>(key, ENTRY_SLOT);
}

/** True when this record has had the key already; marks it. */
@inline
export function isRepeated(key: usize, stamp: u32): bool {
  if (load<u32>(key, ENTRY_STAMP) == stamp) return true;
  store<u32>(key, stamp, ENTRY_STAMP);
  return false;
}

/** A key that the plan reads, before any document is. Its bytes stay where they are. */
export function addPlanKey(start: usize, length: usize, slot: u32): void {
  store<u32>(internKey(start, length), slot, ENTRY_SLOT);
}

/** A key by its decoded bytes; KEY_NONE when there is no room for another. */
export function internKey(start: usize, length: usize): usize {
  let place = hashBytes(start, length) & (TABLE_SLOTS - 1);
  while (true) {
    const number = <usize>load<u16>(table + <usize>place * 2);
    if (number == 0) return addKey(start, length, place);
    const key = entries + number * ENTRY_BYTES;
    if (<usize>load<u32>(key, ENTRY_LENGTH) == length && sameBytes(<usize>load<u32>(key, ENTRY_ADDRESS), start, length)) {
      return key;
    }
    place = (place + 1) & (TABLE_SLOTS - 1);
  }
}

function addKey(start: usize, length: usize, place: u32): usize {
  if (keyCount == KEYS_MAX || length > KEY_LENGTH_MAX) return KEY_NONE;
  const bytes = allocate(length);
  if (bytes == 0) return KEY_NONE;
  memory.copy(bytes, start, length);
  const number = keyCount++;
  const key = entries + <usize>number * ENTRY_BYTES;
  store<u32>(key, <u32>bytes, ENTRY_ADDRESS);
  store<u32>(key, <u32>length, ENTRY_LENGTH);
  store<u32>(key, unknownSlot, ENTRY_SLOT);
  store<u16>(table + <usize>place * 2, <u16>number);
  return key;
}

/** The key that comes after `previous` when its literal stands at `at`, else KEY_NONE; sets `literalEnd`. */
@inline
export function predictKey(previous: usize, at: usize, end: usize): usize {
  const first = previous + ENTRY_SUCCESSORS;
  if (isLiteralAt(first, at, end)) return <usize>load<u32>(first, SUCCESSOR_KEY);
  return predictSecond(first + SUCCESSOR_BYTES, at, end);
}

function predictSecond(successor: usize, at: usize, end: usize): usize {
  return isLiteralAt(successor, at, end) ? <usize>load<u32>(successor, SUCCESSOR_KEY) : KEY_NONE;
}

@inline
function isLiteralAt(successor: usize, at: usize, end: usize): bool {
  const length = <usize>load<u32>(successor);
  if (length > end - at || length == 0) return false;
  const wanted = <i32>load<u32>(successor, SUCCESSOR_MASKS);
  const equal = i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(successor, SUCCESSOR_LITERAL)));
  if ((equal & wanted) != wanted) return false;
  literalEnd = at + length;
  return length <= 16 || isRestEqual(successor, at, length);
}

function isRestEqual(successor: usize, at: usize, length: usize): bool {
  return sameBytes(at + 16, successor + SUCCESSOR_LITERAL + 16, length - 16);
}

/** Remembers that `key` came after `previous`, with the bytes `start … end` between. The older of the two memories goes. */
export function learnSuccessor(previous: usize, key: usize, start: usize, end: usize): void {
  const length = end - start;
  if (length > LITERAL_BYTES_MAX || key == KEY_NONE || previous == KEY_NONE) return;
  const first = previous + ENTRY_SUCCESSORS;
  memory.copy(first + SUCCESSOR_BYTES, first, SUCCESSOR_BYTES);
  store<u32>(first, <u32>length);
  store<u32>(first, <u32>key, SUCCESSOR_KEY);
  store<u32>(first, length >= 16 ? 0xffff : (1 << <u32>length) - 1, SUCCESSOR_MASKS);
  memory.copy(first + SUCCESSOR_LITERAL, start, length);
}
