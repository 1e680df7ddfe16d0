/** With fewer digits the last of them is more than the half distance of doubles: no fraction is rounded away (below 2^53). */
const digitsMin = 17;

/**
 * False when no number of the JSON text can have a fraction that its double has no room for. Such a number has 17 digits
 * or more, or is next to nothing by its exponent. True also for some numbers that hide nothing, and for texts that look so.
 *
 * Looks for points and exponents, which is several times as fast as a pattern that looks at every character.
 */
export function mayHideFraction(json: string): boolean {
  for (let at = json.indexOf("."); at >= 0; at = json.indexOf(".", at + 1)) {
    const before = countDigits(json, at - 1, -1);
    if (before > 0 && before + countDigits(json, at + 1, 1) >= digitsMin) return true;
  }
  return hasNegativeExponent(json, "e-") || hasNegativeExponent(json, "E-");
}

/** Digits from `at` on in one direction, no more than matter. */
function countDigits(json: string, at: number, step: 1 | -1): number {
  let count = 0;
  while (count < digitsMin && isDigit(json, at + count * step)) count++;
  return count;
}

function hasNegativeExponent(json: string, sign: "e-" | "E-"): boolean {
  for (let at = json.indexOf(sign); at >= 0; at = json.indexOf(sign, at + 2)) {
    if (isDigit(json, at - 1) && isDigit(json, at + 2)) return true;
  }
  return false;
}

function isDigit(json: string, at: number): boolean {
  const code = json.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
