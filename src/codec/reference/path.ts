/** A decoded JSON object or MessagePack map. */
export type Document = Record<string, unknown>;

/** A field's name, ready to be looked up: first as the key that it is, dots included, then as a path split at dots. */
export interface FieldPath {
  literal: [string];
  nested: [string, ...string[]] | undefined;
}

export function compilePath(name: string): FieldPath {
  const [first = "", ...rest] = name.split(".");
  return { literal: [name], nested: rest.length > 0 ? [first, ...rest] : undefined };
}

/** The keys of the path under which the document holds a value (null counts as one), or undefined. */
export function locate(document: Document, path: FieldPath): string[] | undefined {
  if (readKey(document, path.literal[0]) !== undefined) return path.literal;
  if (path.nested !== undefined && readKeys(document, path.nested) !== undefined) return path.nested;
  return undefined;
}

/** The value at a path, undefined when the document has none. */
export function readPath(document: Document, path: FieldPath): unknown {
  const value = readKey(document, path.literal[0]);
  return value === undefined && path.nested !== undefined ? readKeys(document, path.nested) : value;
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
