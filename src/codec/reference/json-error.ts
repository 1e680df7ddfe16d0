/**
 * Where a text stops being JSON: the index of the first character that cannot stand there, or the text's length when it
 * ends too early. JSON.parse says so only in some of its messages, and in words that differ between engines.
 *
 * PRECONDITION: JSON.parse refused `text`. Runs once per bad document, without recursion: depth is the sender's choice.
 */
export function findJsonError(text: string): number {
  const closers: string[] = [];
  let index = skipSpace(text, 0);
  for (;;) {
    // Here a value is due.
    const opener = text[index];
    if (opener === "{" || opener === "[") {
      const closer = opener === "{" ? "}" : "]";
      index = skipSpace(text, index + 1);
      if (text[index] !== closer) {
        closers.push(closer);
        if (opener === "[") continue;
        const key = skipKey(text, index);
        if (key.failed) return key.index;
        index = key.index;
        continue;
      }
      index++;
    } else {
      const end = skipScalar(text, index);
      if (end < 0) return -end - 1;
      index = end;
    }
    // Here a value has ended: close what ends with it, then a comma or the end is due.
    index = skipSpace(text, index);
    while (closers.length > 0 && text[index] === closers.at(-1)) {
      closers.pop();
      index = skipSpace(text, index + 1);
    }
    if (closers.length === 0 || text[index] !== ",") return index;
    index = skipSpace(text, index + 1);
    if (closers.at(-1) === "}") {
      const key = skipKey(text, index);
      if (key.failed) return key.index;
      index = key.index;
    }
  }
}

function skipKey(text: string, start: number): { index: number; failed: boolean } {
  if (text[start] !== '"') return { index: start, failed: true };
  const end = skipString(text, start);
  if (end < 0) return { index: -end - 1, failed: true };
  const colon = skipSpace(text, end);
  if (text[colon] !== ":") return { index: colon, failed: true };
  return { index: skipSpace(text, colon + 1), failed: false };
}

/** The end of a scalar, or −1 − (index of the error). */
function skipScalar(text: string, start: number): number {
  if (text[start] === '"') return skipString(text, start);
  for (const word of ["true", "false", "null"]) {
    if (text[start] !== word[0]) continue;
    let length = 1;
    while (length < word.length && text[start + length] === word[length]) length++;
    return length === word.length ? start + length : -1 - (start + length);
  }
  return skipNumber(text, start);
}

function skipString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text[index]!;
    if (character === '"') return index + 1;
    if (character < " ") return -1 - index;
    if (character !== "\\") continue;
    const escaped = text[++index];
    if (escaped === undefined || !'"\\/bfnrtu'.includes(escaped)) return -1 - index;
    if (escaped !== "u") continue;
    for (let digit = 0; digit < 4; digit++) if (!/[0-9a-fA-F]/.test(text[++index] ?? "")) return -1 - index;
  }
  return -1 - text.length;
}

function skipNumber(text: string, start: number): number {
  let index = text[start] === "-" ? start + 1 : start;
  const whole = skipDigits(text, index);
  if (whole === index) return -1 - index;
  index = text[index] === "0" ? index + 1 : whole;
  if (text[index] === ".") {
    const fraction = skipDigits(text, index + 1);
    if (fraction === index + 1) return -1 - fraction;
    index = fraction;
  }
  if (text[index] === "e" || text[index] === "E") {
    index += text[index + 1] === "+" || text[index + 1] === "-" ? 2 : 1;
    const exponent = skipDigits(text, index);
    if (exponent === index) return -1 - index;
    index = exponent;
  }
  return index;
}

function skipDigits(text: string, start: number): number {
  let index = start;
  while (text[index]! >= "0" && text[index]! <= "9") index++;
  return index;
}

function skipSpace(text: string, start: number): number {
  let index = start;
  while (text[index] === " " || text[index] === "\n" || text[index] === "\r" || text[index] === "\t") index++;
  return index;
}
