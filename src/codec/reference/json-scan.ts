/**
 * Steps over JSON text that a parser has already accepted. Nothing is checked again, so each function is a few
 * comparisons; on text that is not valid JSON the result has no meaning.
 */

export function skipSpace(json: string, offset: number): number {
  let at = offset;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** From the opening quote to just after the closing one. */
export function skipString(json: string, offset: number): number {
  let at = offset + 1;
  for (;;) {
    const end = json.indexOf('"', at);
    if (end < 0) return json.length;
    let slash = end - 1;
    while (json.charCodeAt(slash) === 0x5c) slash--;
    if ((end - slash) % 2 === 1) return end + 1;
    at = end + 1;
  }
}

/** From the first character of any value to just after it. A loop with a depth, since documents may nest deeply. */
function skipValue(json: string, offset: number): number {
  const first = json[offset];
  if (first === '"') return skipString(json, offset);
  let at = offset;
  if (first !== "{" && first !== "[") {
    while (at < json.length && !endsScalar(json.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
  while (at < json.length) {
    const character = json[at];
    if (character === '"') {
      at = skipString(json, at);
      continue;
    }
    at++;
    if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at;
  }
  return at;
}

function endsScalar(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === 0x5d || code === 0x7d;
}

/** Calls `visit` with the decoded key and the bounds of the value, for each member of the object that begins here. */
export function eachMember(json: string, offset: number, visit: (key: string, from: number, to: number) => void): void {
  let at = skipSpace(json, offset + 1);
  while (at < json.length && json[at] === '"') {
    const keyEnd = skipString(json, at);
    const raw = json.slice(at + 1, keyEnd - 1);
    const key = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
    const from = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const to = skipValue(json, from);
    visit(key, from, to);
    at = skipSpace(json, skipSpace(json, to) + 1);
  }
}

/** The text of each element of the array that begins here, in order. */
export function elementTexts(json: string, offset: number): string[] {
  const texts: string[] = [];
  let at = skipSpace(json, offset + 1);
  while (at < json.length && json[at] !== "]") {
    const end = skipValue(json, at);
    texts.push(json.slice(at, end));
    at = skipSpace(json, end);
    if (json[at] === ",") at = skipSpace(json, at + 1);
  }
  return texts;
}
