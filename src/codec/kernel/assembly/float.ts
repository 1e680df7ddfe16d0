/**
 * Float32 and Float64, semantics of src/codec/reference/columns/float.ts: each the number nearest to the text, to the
 * last bit. Two ways to it: up to 2^53 and 10^22 one exact division or multiplication (W. Clinger, "How to Read
 * Floating Point Numbers Accurately", 1990); else the algorithm of Eisel and Lemire, which is never in doubt about up
 * to 19 digits (N. Mushtak, D. Lemire, "Fast Number Parsing Without Fallback", 2023).
 */
import { cut, negative, power, readDecimal, significand, trim, trimmedEnd, trimmedStart } from "./decimal-text";
import { POWER_LEAST, POWER_MOST, powerHigh, powerLow } from "./float-powers";
import {
  DECLINED,
  KIND_FALSE,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  KIND_TRUE,
  NODE_LENIENT,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
} from "./layout";
import { countCoercion } from "./outcome";

const tens = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

const DOUBLE_INFINITY: u64 = 0x7ff << 52;
const FLOAT_INFINITY: u64 = 0xff << 23;
/** No float: the digits cut off decide, and they are gone. */
const IN_DOUBT: u64 = u64.MAX_VALUE;

/** Bits of the double nearest to the magnitude that `readDecimal` read; infinity beyond the range; or IN_DOUBT. */
function nearestDouble(): u64 {
  const w = significand;
  const q = power;
  if (!cut && w >> 53 == 0 && <u32>(q + 22) <= 44) {
    const whole = <f64>w;
    const value = q < 0 ? whole / load<f64>(tens + ((<usize>-q) << 3)) : whole * load<f64>(tens + ((<usize>q) << 3));
    return reinterpret<u64>(value);
  }
  const bits = nearestBits(w, q, 52, 1023, -4, 23);
  return cut && nearestBits(w + 1, q, 52, 1023, -4, 23) != bits ? IN_DOUBT : bits;
}

/** The same for a float: 32 bits. */
function nearestFloat(): u64 {
  const double = nearestDouble();
  // A double that lies exactly between two floats may have been rounded there. Small ones: between other bits.
  const exponent = <u32>(double >> 52);
  if (double != IN_DOUBT && (<u32>double & 0x1fff_ffff) != 0x1000_0000 && exponent - 900 < 240) {
    return <u64>reinterpret<u32>(<f32>reinterpret<f64>(double));
  }
  const bits = nearestBits(significand, power, 23, 127, -17, 10);
  return cut && nearestBits(significand + 1, power, 23, 127, -17, 10) != bits ? IN_DOUBT : bits;
}

/**
 * Bits of the float nearest to w × 10^q, Eisel and Lemire. A float has `fractionBits` after the leading one and the
 * exponent's `bias`; w × 10^q can lie exactly between two of them only for q from `tieLeast` to `tieMost`.
 */
@inline
function nearestBits(w: u64, q: i32, fractionBits: u64, bias: i32, tieLeast: i32, tieMost: i32): u64 {
  const infinity = <u64>(2 * bias + 1) << fractionBits;
  if (w == 0 || q < POWER_LEAST) return 0;
  if (q > POWER_MOST) return infinity;
  const zeros = clz(w);
  const normal = w << zeros;
  const product = multiply(normal, powerHigh(q));
  let high = productHigh;
  let low = product;
  // Only if all bits below the rounding bit are ones can the lower half of the power make a difference.
  const mask = u64.MAX_VALUE >> (fractionBits + 3);
  if ((high & mask) == mask) {
    multiply(normal, powerLow(q));
    low += productHigh;
    high += <u64>(low < productHigh);
  }
  const upper = high >> 63;
  const shift = upper + 61 - fractionBits;
  let fraction = high >> shift;
  // 217706 / 2^16 is the binary logarithm of ten, close enough for these powers.
  let exponent = ((217706 * q) >> 16) + 63 + <i32>upper - <i32>zeros + bias;
  if (exponent <= 0) {
    if (exponent < -62) return 0;
    fraction >>= <u64>(1 - exponent);
    // Rounding up may make the least normal number: then the bit is the exponent.
    return (fraction + (fraction & 1)) >> 1;
  }
  if (low <= 1 && q >= tieLeast && q <= tieMost && (fraction & 3) == 1 && fraction << shift == high) fraction &= ~1;
  fraction = (fraction + (fraction & 1)) >> 1;
  // The leading one is added to the exponent, and so is a carry of the rounding.
  const bits = (<u64>(exponent - 1) << fractionBits) + fraction;
  return min(bits, infinity);
}

let productHigh: u64 = 0;

/** The lower half of a × b, the upper in `productHigh`. */
@inline
function multiply(a: u64, b: u64): u64 {
  const aLow = a & 0xffff_ffff;
  const bLow = b & 0xffff_ffff;
  const low = aLow * bLow;
  const middle = (a >> 32) * bLow + (low >> 32);
  const other = aLow * (b >> 32) + (middle & 0xffff_ffff);
  productHigh = (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
  return (other << 32) | (low & 0xffff_ffff);
}

/** Writes a Float64: 8 bytes. */
export function writeFloat64(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  return writeFloat(node, kind, start, end, at, 8);
}

/** Writes a Float32: 4 bytes. */
export function writeFloat32(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  return writeFloat(node, kind, start, end, at, 4);
}

@inline
function writeFloat(node: usize, kind: u32, start: usize, end: usize, at: usize, width: u32): u32 {
  if (kind == KIND_NUMBER) return storeDecimal(start, end, at, width);
  if (kind == KIND_STRING) {
    let from = start;
    let to = end;
    if (load<u8>(node, NODE_LENIENT) != 0) {
      countCoercion();
      if (!trim(start, end)) return DECLINED;
      from = trimmedStart;
      to = trimmedEnd;
    }
    const outcome = storeDecimal(from, to, at, width);
    return outcome == REJECT_FIELD_FORMAT ? storeWord(from, to, at, width) : outcome;
  }
  if (kind == KIND_TRUE || kind == KIND_FALSE) {
    storeBits(kind == KIND_TRUE ? one(width) : 0, at, width);
    return OK;
  }
  return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
}

@inline
function storeDecimal(start: usize, end: usize, at: usize, width: u32): u32 {
  const outcome = readDecimal(start, end);
  if (outcome != OK) return outcome;
  const bits = width == 8 ? nearestDouble() : nearestFloat();
  if (bits >= (width == 8 ? DOUBLE_INFINITY : FLOAT_INFINITY)) return bits == IN_DOUBT ? DECLINED : REJECT_FIELD_RANGE;
  storeBits(bits | (<u64>negative << (width * 8 - 1)), at, width);
  return OK;
}

/** `true`, `false`, and in any case `nan`, `inf`, `infinity` with or without a sign. */
function storeWord(start: usize, end: usize, at: usize, width: u32): u32 {
  if (isTrue(start, end) || isFalse(start, end)) {
    storeBits(end - start == 4 ? one(width) : 0, at, width);
    return OK;
  }
  if (start >= end) return REJECT_FIELD_FORMAT;
  const sign = <u32>load<u8>(start);
  const from = start + <usize>(sign == 0x2d || sign == 0x2b);
  const letters = load<u64>(from) | 0x2020202020202020;
  const isNan = end - from == 3 && (letters & 0xffffff) == 0x6e616e;
  const isInf = end - from == 3 && (letters & 0xffffff) == 0x666e69;
  const isInfinity = isInf || (end - from == 8 && letters == 0x7974696e69666e69);
  if (!isNan && !isInfinity) return REJECT_FIELD_FORMAT;
  const infinity = width == 8 ? DOUBLE_INFINITY : FLOAT_INFINITY;
  const quiet: u64 = isNan ? (width == 8 ? 1 << 51 : 1 << 22) : 0;
  storeBits(infinity | quiet | (<u64>(sign == 0x2d) << (width * 8 - 1)), at, width);
  return OK;
}

export function isTrue(start: usize, end: usize): bool {
  return end - start == 4 && load<u32>(start) == 0x65757274;
}

export function isFalse(start: usize, end: usize): bool {
  return end - start == 5 && load<u32>(start) == 0x736c6166 && load<u8>(start, 4) == 0x65;
}

/** The bits of 1.0. */
@inline
function one(width: u32): u64 {
  return width == 8 ? 0x3ff << 52 : 0x7f << 23;
}

@inline
function storeBits(bits: u64, at: usize, width: u32): void {
  if (width == 8) store<u64>(at, bits);
  else store<u32>(at, <u32>bits);
}
