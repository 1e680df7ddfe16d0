import { ByteWriter } from "../../core/byte-writer.ts";
import { copyBytes } from "./native-column.ts";

const SLOTS_MIN = 64;
const HASH_START = Math.floor(Math.random() * 2 ** 32);

/**
 * Byte strings, numbered from 0 in the order in which they were first added. They lie back to back in `keys`, so a
 * dictionary column is a copy of it; no JavaScript string is made of a key.
 *
 * Open addressing, at most half full, so a search ends after a few slots. FNV-1a
 * (https://datatracker.ietf.org/doc/draft-eastlake-fnv/) begins at a number of its own in each process: whoever sends
 * documents cannot choose keys beforehand that all fall into one slot. The numbers of the keys do not depend on it.
 */
export class ByteDictionary {
  readonly keys = new ByteWriter(0);
  count = 0;
  /** Number + 1 of the key in each slot, 0 = free. */
  #slots = new Uint32Array(SLOTS_MIN);
  /** Where each key ends in `keys`, and its hash. */
  #ends = new Uint32Array(SLOTS_MIN / 2);
  #hashes = new Uint32Array(SLOTS_MIN / 2);

  /** The number of `bytes[from … to)`, added when it is new. */
  add(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1;
      if (this.#hashes[index] === hash && this.#isKey(index, bytes, from, to)) return index;
    }
    this.#slots[slot] = this.count + 1;
    return this.append(bytes, from, to, hash);
  }

  /** Adds a key without looking whether it is there, and without making it findable: a place with a meaning of its own. */
  append(bytes: Uint8Array, from: number, to: number, hash = 0): number {
    copyBytes(this.keys, bytes, from, to);
    const index = this.count++;
    this.#ends[index] = this.keys.offset;
    this.#hashes[index] = hash;
    if (this.count === this.#ends.length) this.#grow();
    return index;
  }

  clear(): void {
    this.keys.offset = 0;
    this.count = 0;
    this.#slots.fill(0);
  }

  #isKey(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = index === 0 ? 0 : this.#ends[index - 1]!;
    if (this.#ends[index]! - start !== to - from) return false;
    const keys = this.keys.bytes;
    for (let at = from, other = start; at < to; at++, other++) if (keys[other] !== bytes[at]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    const ends = new Uint32Array(old.length);
    const hashes = new Uint32Array(old.length);
    ends.set(this.#ends);
    hashes.set(this.#hashes);
    this.#ends = ends;
    this.#hashes = hashes;
    this.#slots = new Uint32Array(old.length * 2);
    const mask = this.#slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = hashes[entry - 1]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = HASH_START;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
