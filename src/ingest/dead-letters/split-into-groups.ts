/** Cuts items into groups of at most so many items and so many bytes; one that is longer by itself goes alone. */
export function* splitIntoGroups<Item>(
  items: readonly Item[],
  byteLengthOf: (item: Item) => number,
  max: { items: number; bytes: number },
): Generator<Item[]> {
  let group: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const byteLength = byteLengthOf(item);
    if (group.length > 0 && (group.length >= max.items || bytes + byteLength > max.bytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += byteLength;
  }
  if (group.length > 0) yield group;
}
