/** A decoded JSON object or MessagePack map. */
export type Document = Record<string, unknown>;

/**
 * A field's name, ready to be looked up. Each dot may be part of a key or lead into an object: first the whole name is
 * tried as the key that it is, then what stands before the first dot, whose object is searched for the rest in the same
 * way, then what stands before the second, and so on.
 */
export interface FieldPath {
  /** The whole name as a path of one key. */
  literal: [string];
  heads: { key: string; rest: FieldPath; blocks: boolean }[];
}

/**
 * `readNames` are all names that the plan reads. A key without dots `blocks` when nothing else reads its field: there the
 * document has to hold an object, as any other value would be lost without a word.
 */
export function compilePath(name: string, readNames?: ReadonlySet<string>): FieldPath {
  const parts = name.split(".");
  // What is left of a name does not depend on how the beginning was split: as many paths as parts, not two to their power.
  const rests: FieldPath[] = [];
  for (let from = parts.length - 1; from >= 0; from--) {
    const heads = [];
    for (let end = from + 1; end < parts.length; end++) {
      const blocks = end === from + 1 && readNames !== undefined && !readNames.has(parts.slice(0, end).join("."));
      heads.push({ key: parts.slice(from, end).join("."), rest: rests[end]!, blocks });
    }
    rests[from] = { literal: [parts.slice(from).join(".")], heads };
  }
  return rests[0]!;
}

/** Top-level keys that a name may begin with: `a`, `a.b` and `a.b.c` of `a.b.c`. */
export function firstKeys(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, index) => parts.slice(0, index + 1).join("."));
}

/** The keys under which the document holds a value (null counts as one), or undefined. */
export function locate(document: Document, path: FieldPath): string[] | undefined {
  if (readKey(document, path.literal[0]) !== undefined) return path.literal;
  for (const { key, rest } of path.heads) {
    const inner = readKey(document, key);
    const keys = isDocument(inner) ? locate(inner, rest) : undefined;
    if (keys !== undefined) return [key, ...keys];
  }
  return undefined;
}

/** The value at a path, undefined when the document has none. */
export function readPath(document: Document, path: FieldPath): unknown {
  const value = readKey(document, path.literal[0]);
  if (value !== undefined || path.heads.length === 0) return value;
  const keys = locate(document, path);
  return keys && readKeys(document, keys);
}

/**
 * The keys of a value that stands where an object should, on the way to a field that the document lacks. Of what is empty
 * nothing is lost: PHP writes `[]` for an object without members.
 */
export function findBlocker(document: Document, path: FieldPath): string[] | undefined {
  for (const { key, rest, blocks } of path.heads) {
    const inner = readKey(document, key);
    if (isEmpty(inner)) continue;
    const keys = isDocument(inner) ? findBlocker(inner, rest) : blocks ? [] : undefined;
    if (keys !== undefined) return [key, ...keys];
  }
  return undefined;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** The value under nested keys. Arrays are not entered. */
export function readKeys(document: Document, keys: string[]): unknown {
  let value: unknown = document;
  for (const key of keys) {
    if (!isDocument(value)) return undefined;
    value = readKey(value, key);
  }
  return value;
}

/** True for JSON objects and MessagePack maps; false for arrays, bytes, dates and scalars. */
export function isDocument(value: unknown): value is Document {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A document may lack "constructor" while every object has one: what is inherited is not a field. */
function readKey(document: Document, key: string): unknown {
  const value = document[key];
  return value === undefined || !(key in Object.prototype) || Object.hasOwn(document, key) ? value : undefined;
}
