import { readExactDecimal } from "./decimal-text.ts";

/** 2^128, the first power of two beyond Float32: numbers from halfway to it round to infinity. */
const beyondFloat32 = 2 ** 128;

/**
 * The 32-bit float nearest to a decimal number, given the nearest double and a way to get the text.
 *
 * Rounding twice (text → double → float) errs only when the double lies exactly between two floats although the text
 * does not. Only then is the text asked for and compared exactly.
 */
export function nearestFloat32(value: number, text: () => string): number {
  const rounded = Math.fround(value);
  if (rounded === value || !Number.isFinite(value)) return rounded;
  const held = Number.isFinite(rounded) ? rounded : Math.sign(value) * beyondFloat32;
  const other = neighbour(held, value);
  if (value - held !== other - value) return rounded;
  const side = compareTextWithDouble(text(), value);
  if (side === 0) return rounded;
  const nearer = side > 0 === held > other ? held : other;
  return Math.fround(nearer);
}

/** The next float from `held` towards `target`; beyond the largest float that is ±2^128. */
function neighbour(held: number, target: number): number {
  const view = new DataView(new ArrayBuffer(4));
  if (Math.abs(held) === beyondFloat32) {
    view.setUint32(0, 0x7f7f_ffff);
    return Math.sign(held) * view.getFloat32(0);
  }
  const away = Math.abs(target) > Math.abs(held);
  view.setFloat32(0, Math.abs(held));
  view.setUint32(0, view.getUint32(0) + (away ? 1 : -1));
  const magnitude = view.getFloat32(0);
  // At zero the sign of the double decides which side the neighbour lies on.
  const sign = held === 0 ? Math.sign(target) : Math.sign(held);
  return sign * (Number.isFinite(magnitude) ? magnitude : beyondFloat32);
}

/** Sign of (text − value), exact: both are brought to whole numbers over a common denominator. */
function compareTextWithDouble(text: string, value: number): number {
  const decimal = readExactDecimal(text);
  if (decimal === undefined) return 0;
  let numerator = value;
  let twos = 0;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    twos++;
  }
  const tens = 10n ** BigInt(Math.abs(decimal.exponent));
  const left = (decimal.exponent < 0 ? decimal.digits : decimal.digits * tens) << BigInt(twos);
  const right = BigInt(numerator) * (decimal.exponent < 0 ? tens : 1n);
  return left === right ? 0 : left > right ? 1 : -1;
}
