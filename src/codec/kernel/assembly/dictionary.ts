import { copyLoose, hashBytes, sameBytes, writeVarUint } from "./bytes";
import { allocate, createRegion, regionBase, regionCursor, reserve, setRegionCursor } from "./memory";

/**
 * The dictionary of a LowCardinality column: keys in the order in which they came, and an open-addressed table that
 * finds them. Indexes are as narrow as the number of keys allows, and are widened when it grows.
 *
 * Words: region of the keys as Native writes them, number of keys, address of the table, its number of places, index
 * width in bytes, 1 when keys are strings (written with their length), 1 when key 0 stands for NULL, the width of a key of
 * fixed width, the stream of the indexes, and the index width when `markIndexes` was called.
 */
const DICTIONARY_BYTES: usize = 40;
const KEYS: usize = 0;
const COUNT: usize = 4;
const TABLE: usize = 8;
const PLACES: usize = 12;
const WIDTH: usize = 16;
const IS_STRING: usize = 20;
const HAS_NULL: usize = 24;
const KEY_WIDTH: usize = 28;
const STREAM: usize = 32;
const MARKED_WIDTH: usize = 36;

/** A place: the key's first eight bytes, index + 1 (0 = free), length, address relative to the keys, hash. */
const PLACE_BYTES: usize = 24;
const PLACE_INDEX: usize = 8;
const PLACE_LENGTH: usize = 12;
const PLACE_KEY: usize = 16;
const PLACE_HASH: usize = 20;
const PLACES_FIRST: u32 = 512;

/** Keys of fixed width are at most this wide; the host keeps wider ones out of the kernel. */
export const ZERO_BYTES: usize = 256;
const zeros: usize = allocate(ZERO_BYTES);

/** Index of "no room". */
export const NO_INDEX: u32 = 0xffffffff;

/** `stream` takes the indexes. `keyWidth` is the width of a key of fixed width; 0 for strings. */
export function createDictionary(stream: usize, keyWidth: usize, hasNull: bool): usize {
  const dictionary = allocate(DICTIONARY_BYTES);
  store<u32>(dictionary, <u32>createRegion(4096), KEYS);
  store<u32>(dictionary, <u32>allocate(<usize>PLACES_FIRST * PLACE_BYTES), TABLE);
  store<u32>(dictionary, PLACES_FIRST, PLACES);
  store<u32>(dictionary, keyWidth == 0 ? 1 : 0, IS_STRING);
  store<u32>(dictionary, hasNull ? 1 : 0, HAS_NULL);
  store<u32>(dictionary, <u32>keyWidth, KEY_WIDTH);
  store<u32>(dictionary, <u32>stream, STREAM);
  clearDictionary(dictionary);
  return dictionary;
}

/** Empties the dictionary for the next task. */
export function clearDictionary(dictionary: usize): void {
  const keys = <usize>load<u32>(dictionary, KEYS);
  setRegionCursor(keys, regionBase(keys));
  memory.fill(<usize>load<u32>(dictionary, TABLE), 0, <usize>load<u32>(dictionary, PLACES) * PLACE_BYTES);
  store<u32>(dictionary, 0, COUNT);
  store<u32>(dictionary, 1, WIDTH);
  // As the engine has it: the type's default leads the keys, and of a Nullable the key that means NULL stands before it,
  // with the default's bytes, and is never searched for.
  const width = <usize>load<u32>(dictionary, KEY_WIDTH);
  memory.fill(zeros, 0, ZERO_BYTES);
  if (load<u32>(dictionary, HAS_NULL) != 0) {
    findIndex(dictionary, zeros, width);
    memory.fill(<usize>load<u32>(dictionary, TABLE), 0, <usize>load<u32>(dictionary, PLACES) * PLACE_BYTES);
  }
  findIndex(dictionary, zeros, width);
}

export function dictionaryKeys(dictionary: usize): usize {
  return <usize>load<u32>(dictionary, KEYS);
}

export function dictionaryCount(dictionary: usize): u32 {
  return load<u32>(dictionary, COUNT);
}

/** Bytes of an index: 1, 2 or 4. */
@inline
export function indexWidth(dictionary: usize): u32 {
  return load<u32>(dictionary, WIDTH);
}

/** The index of a key, which is added when it is new; NO_INDEX when memory is at its bound. */
@inline
export function findIndex(dictionary: usize, start: usize, length: usize): u32 {
  const prefix = prefixOf(start, length);
  const hash = hashBytes(start, length);
  const table = <usize>load<u32>(dictionary, TABLE);
  const mask = load<u32>(dictionary, PLACES) - 1;
  let place = hash & mask;
  while (true) {
    const entry = table + <usize>place * PLACE_BYTES;
    const index = load<u32>(entry, PLACE_INDEX);
    if (index == 0) return addKey(dictionary, hash, start, length);
    if (load<u64>(entry) == prefix && <usize>load<u32>(entry, PLACE_LENGTH) == length) {
      if (length <= 8 || isRestEqual(dictionary, entry, start, length)) return index - 1;
    }
    place = (place + 1) & mask;
  }
}

/** The first eight bytes, zeros for those that a shorter key lacks. */
@inline
function prefixOf(start: usize, length: usize): u64 {
  if (length >= 8) return load<u64>(start);
  return load<u64>(start) & ((<u64>1 << (length << 3)) - 1);
}

function isRestEqual(dictionary: usize, entry: usize, start: usize, length: usize): bool {
  const key = regionBase(<usize>load<u32>(dictionary, KEYS)) + <usize>load<u32>(entry, PLACE_KEY);
  return sameBytes(key + 8, start + 8, length - 8);
}

function addKey(dictionary: usize, hash: u32, start: usize, length: usize): u32 {
  const count = load<u32>(dictionary, COUNT);
  if (count * 2 >= load<u32>(dictionary, PLACES) && !growTable(dictionary)) return NO_INDEX;
  const keys = <usize>load<u32>(dictionary, KEYS);
  const at = reserve(keys, length + 8);
  if (at == 0) return NO_INDEX;
  const to = load<u32>(dictionary, IS_STRING) != 0 ? writeVarUint(at, length) : at;
  copyLoose(to, start, length);
  setRegionCursor(keys, to + length);
  store<u32>(dictionary, count + 1, COUNT);
  const entry = freePlace(<usize>load<u32>(dictionary, TABLE), load<u32>(dictionary, PLACES), hash);
  store<u64>(entry, prefixOf(to, length));
  store<u32>(entry, count + 1, PLACE_INDEX);
  store<u32>(entry, <u32>length, PLACE_LENGTH);
  store<u32>(entry, <u32>(to - regionBase(keys)), PLACE_KEY);
  store<u32>(entry, hash, PLACE_HASH);
  return count;
}

function freePlace(table: usize, places: u32, hash: u32): usize {
  let place = hash & (places - 1);
  while (load<u32>(table + <usize>place * PLACE_BYTES, PLACE_INDEX) != 0) place = (place + 1) & (places - 1);
  return table + <usize>place * PLACE_BYTES;
}

function growTable(dictionary: usize): bool {
  const places = load<u32>(dictionary, PLACES);
  const table = <usize>load<u32>(dictionary, TABLE);
  const larger = allocate(<usize>places * 4 * PLACE_BYTES);
  if (larger == 0) return false;
  for (let place: u32 = 0; place < places; place++) {
    const entry = table + <usize>place * PLACE_BYTES;
    if (load<u32>(entry, PLACE_INDEX) == 0) continue;
    memory.copy(freePlace(larger, places * 4, load<u32>(entry, PLACE_HASH)), entry, PLACE_BYTES);
  }
  store<u32>(dictionary, <u32>larger, TABLE);
  store<u32>(dictionary, places * 4, PLACES);
  return true;
}

/** Appends an index to the column's stream; false when memory is at its bound. */
@inline
export function appendIndex(dictionary: usize, stream: usize, index: u32): bool {
  if (!hasWidthFor(dictionary, stream, index)) return false;
  const at = reserve(stream, 4);
  if (at == 0) return false;
  store<u32>(at, index);
  setRegionCursor(stream, at + <usize>load<u32>(dictionary, WIDTH));
  return true;
}

/** Makes the stream's indexes wide enough for this one; false when memory is at its bound. */
@inline
export function hasWidthFor(dictionary: usize, stream: usize, index: u32): bool {
  const width = load<u32>(dictionary, WIDTH);
  return width == 4 || index < <u32>1 << (width * 8) || widen(dictionary, stream);
}

/** Notes how wide indexes are where the stream's cursor is saved. */
export function markIndexes(dictionary: usize): void {
  store<u32>(dictionary, load<u32>(dictionary, WIDTH), MARKED_WIDTH);
}

/** PRECONDITION: the stream's cursor is the saved one again. Moves it past as many indexes if they were widened since. */
export function restoreIndexes(dictionary: usize): void {
  const stream = <usize>load<u32>(dictionary, STREAM);
  const count = (regionCursor(stream) - regionBase(stream)) / <usize>load<u32>(dictionary, MARKED_WIDTH);
  setRegionCursor(stream, regionBase(stream) + count * <usize>load<u32>(dictionary, WIDTH));
}

/** Doubles the width of all indexes, from the last to the first, in place. */
function widen(dictionary: usize, stream: usize): bool {
  const width = <usize>load<u32>(dictionary, WIDTH);
  const used = regionCursor(stream) - regionBase(stream);
  if (reserve(stream, used + 4) == 0) return false;
  const base = regionBase(stream);
  for (let index = used / width; index > 0; index--) {
    const from = base + (index - 1) * width;
    const to = base + (index - 1) * width * 2;
    if (width == 1) store<u16>(to, <u16>load<u8>(from));
    else store<u32>(to, <u32>load<u16>(from));
  }
  setRegionCursor(stream, base + used * 2);
  store<u32>(dictionary, <u32>width * 2, WIDTH);
  return true;
}
