const enumPattern = /Enum(8|16)\(((?:'(?:[^'\\]|\\.)*' = -?\d+(?:, )?)+)\)/g;

/**
 * Whether bytes of the type `made` mean the same in a column that has the type `now`: the types are one, but for values
 * that an Enum got in addition. ClickHouse converts these by name. Any other conversion may change values in silence.
 */
export function isSameOrWider(made: string, now: string): boolean {
  if (made === now) return true;
  const enumsMade = [...made.matchAll(enumPattern)];
  const enumsNow = [...now.matchAll(enumPattern)];
  if (enumsMade.length === 0 || made.replaceAll(enumPattern, "Enum") !== now.replaceAll(enumPattern, "Enum"))
    return false;
  return enumsMade.every(([, , values], index) => {
    const known = new Set(valuesOf(enumsNow[index]![2]!));
    return valuesOf(values!).every((value) => known.has(value));
  });
}

/** `'name' = number`, each. */
function valuesOf(list: string): string[] {
  return [...list.matchAll(/'(?:[^'\\]|\\.)*' = -?\d+/g)].map(([value]) => value);
}
