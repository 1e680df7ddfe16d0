/** A decimal number, exact: `digits` × 10^`exponent`. */
export interface ExactDecimal {
  digits: bigint;
  /** How many digits `digits` has. */
  digitCount: number;
  exponent: number;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * Reads a number's text exactly; undefined when it is not a decimal number. Exponents beyond ±100,000 are held there:
 * every caller's range ends far before, and a power of ten of that size would cost seconds.
 */
export function readExactDecimal(text: string): ExactDecimal | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const whole = match[2] ?? "";
  const fraction = match[3] ?? "";
  if (whole === "" && fraction === "") return undefined;
  const significant = (whole + fraction).replace(/^0+/, "");
  const magnitude = BigInt(significant);
  const exponent = Number(match[4] ?? "0") - fraction.length;
  return {
    digits: match[1] === "-" ? -magnitude : magnitude,
    digitCount: significant.length,
    exponent: Math.max(-100_000, Math.min(100_000, exponent)),
  };
}

/** How many decimal digits the result may have before it is out of every 64-bit range. */
const digitsMax = 40;

/**
 * The number times 10^`scale` as an integer. `rounding` is `truncate` (towards zero) or `floor`.
 * `inexact` tells that digits were cut off. Undefined: the result has more than 40 digits.
 */
export function scaleExactDecimal(
  decimal: ExactDecimal,
  scale: number,
  rounding: "truncate" | "floor",
): { value: bigint; inexact: boolean } | undefined {
  const { digits } = decimal;
  if (digits === 0n) return { value: 0n, inexact: false };
  const shift = decimal.exponent + scale;
  if (shift >= 0) return shift > digitsMax ? undefined : { value: digits * 10n ** BigInt(shift), inexact: false };
  // Nothing is left of a number below its divisor, however far below: the power need not be larger.
  const divisor = 10n ** BigInt(Math.min(-shift, decimal.digitCount));
  const quotient = digits / divisor;
  const inexact = quotient * divisor !== digits;
  return { value: inexact && digits < 0n && rounding === "floor" ? quotient - 1n : quotient, inexact };
}
