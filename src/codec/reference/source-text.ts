import { eachMember, skipSpace } from "./json-scan.ts";

/**
 * The exact text of the value at a path of keys, in JSON that a parser has already accepted; undefined when there is
 * no such value. Of a key that occurs twice the last one counts, as in JSON.parse; keys are compared decoded.
 */
export function findSourceText(json: string, path: string[]): string | undefined {
  let from = skipSpace(json, 0);
  let to = json.trimEnd().length;
  for (const wanted of path) {
    if (json[from] !== "{") return undefined;
    let found = false;
    eachMember(json, from, (key, valueFrom, valueTo) => {
      if (key !== wanted) return;
      found = true;
      from = valueFrom;
      to = valueTo;
    });
    if (!found) return undefined;
  }
  return json.slice(from, to);
}
