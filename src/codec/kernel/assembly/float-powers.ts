/**
 * Powers of ten as 128-bit numbers, for the algorithm of Eisel and Lemire (D. Lemire, "Number Parsing at a Gigabyte per
 * Second", 2021): of 5^q, q = −342 … 308, the 128 leading bits, the highest one set. They are cut off, except that
 * 5^−1 … 5^−27, whose products decide exact ties, are rounded up.
 *
 * Worked out at start (about 0.1 ms) by exact arithmetic in one long number rather than kept as 1302 constants.
 * To check: for q ≥ 0 that is 5^q shifted to 128 bits, else ⌊2^b / 5^−q⌋ with the b that makes 128 bits, plus 1 from
 * −27 on; the test does so with BigInt.
 */

export const POWER_LEAST: i32 = -342;
export const POWER_MOST: i32 = 308;

const table = memory.data((POWER_MOST - POWER_LEAST + 1) * 16);

/** A long number in 32-bit limbs, lowest first; four limbs of zeros stand before it, for numbers under 128 bits. */
const limbCount = 33;
const zeros = memory.data((limbCount + 4) * 4);
const limbs = zeros + 16;

/** Upper and lower half of the entry for 10^q. */
@inline
export function powerHigh(q: i32): u64 {
  return load<u64>(table + ((<usize>(q - POWER_LEAST)) << 4), 8);
}

@inline
export function powerLow(q: i32): u64 {
  return load<u64>(table + ((<usize>(q - POWER_LEAST)) << 4));
}

/** Multiplies 1 by five again and again, then divides 2^1024 by five: floors of floors are floors of the whole. */
function fillPowers(): void {
  store<u32>(limbs, 1);
  for (let q = 0; q <= POWER_MOST; q++) {
    storePower(q, 0);
    multiplyByFive();
  }
  memory.fill(limbs, 0, limbCount * 4);
  store<u32>(limbs + (limbCount - 1) * 4, 1);
  for (let q = -1; q >= POWER_LEAST; q--) {
    divideByFive();
    storePower(q, <u64>(q >= -27));
  }
}

function multiplyByFive(): void {
  let carry: u64 = 0;
  for (let limb = 0; limb < limbCount; limb++) {
    const product = <u64>load<u32>(limbs + (<usize>limb) * 4) * 5 + carry;
    store<u32>(limbs + (<usize>limb) * 4, <u32>product);
    carry = product >> 32;
  }
}

function divideByFive(): void {
  let rest: u64 = 0;
  for (let limb = limbCount - 1; limb >= 0; limb--) {
    const part = (rest << 32) | <u64>load<u32>(limbs + (<usize>limb) * 4);
    store<u32>(limbs + (<usize>limb) * 4, <u32>(part / 5));
    rest = part % 5;
  }
}

/** Stores the 128 leading bits of the long number, plus `up`. */
function storePower(q: i32, up: u64): void {
  let top = limbs + (limbCount - 1) * 4;
  while (load<u32>(top) == 0) top -= 4;
  const shift = <u64>clz(load<u32>(top));
  // Five limbs, of which the lowest fills what the shift leaves free; a shift by 64 would be one by 0.
  const high = load<u64>(top - 4);
  const low = load<u64>(top - 12);
  const rest = <u64>load<u32>(top - 16);
  const lowBits = (low << shift) | (rest >> (32 - shift));
  const address = table + ((<usize>(q - POWER_LEAST)) << 4);
  store<u64>(address, lowBits + up);
  store<u64>(address, ((high << shift) | (low >> 1 >> (63 - shift))) + <u64>(lowBits + up < lowBits), 8);
}

fillPowers();
