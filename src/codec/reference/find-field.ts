import { rejectField } from "./column.ts";
import { describe } from "./columns/describe.ts";
import { type Document, type FieldPath, findBlocker, locate, readKeys } from "./path.ts";
import type { RowContext } from "./row-context.ts";

/**
 * The value under the first of some names that the document has, undefined when it has none; sets `context.keys`.
 *
 * @throws FieldError when another value stands in the way of all of them.
 */
export function findField(paths: FieldPath[], document: Document, context: RowContext): unknown {
  for (const path of paths) {
    const keys = locate(document, path);
    if (keys === undefined) continue;
    context.keys = keys;
    return readKeys(document, keys);
  }
  for (const path of paths) {
    const keys = findBlocker(document, path);
    if (keys !== undefined) rejectBlocked(document, keys, path, context);
  }
  return undefined;
}

/** `{"http":"text"}` for a column `http.status`: the column would be empty, and the text lost, without a word. */
function rejectBlocked(document: Document, keys: string[], path: FieldPath, context: RowContext): never {
  context.keys = keys;
  const name = keys.join(".");
  const value = readKeys(document, keys);
  const array = Array.isArray(value) ? "; arrays are not taken apart into columns" : "";
  return rejectField(
    "field_type",
    `field ${name} is ${describe(value, context)}, not an object that could hold ${path.literal[0]}${array}. ` +
      `If that is meant, give ${name} a column of its own`,
  );
}
