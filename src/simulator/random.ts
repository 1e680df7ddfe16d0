/**
 * A seeded source of random numbers: xoshiro128** (https://prng.di.unimi.it/), its state filled by splitmix32.
 * Plain 32-bit arithmetic, a few nanoseconds a number, the same sequence on every runtime.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param seed any safe integer; its low and high halves both count. */
  constructor(seed: number) {
    let state = (seed | 0) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x85ebca6b);
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1; // an all-zero state would stay zero
  }

  /** A whole number from 0 to 2^32 − 1. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** From 0 to 1, 1 excluded. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }
}

/** Picks an index with a chance in proportion to its weight; `cumulative` are the running sums of the weights. */
export function pickWeighted(random: Random, cumulative: Float64Array): number {
  const target = random.fraction() * cumulative[cumulative.length - 1]!;
  let index = 0;
  // The lists have a handful of entries: a scan beats a binary search.
  while (target >= cumulative[index]!) index++;
  return index;
}

/** Running sums of weights, for `pickWeighted`. */
export function cumulate(weights: number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
}
