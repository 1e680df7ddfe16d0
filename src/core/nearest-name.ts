/**
 * The name among `candidates` that a person has probably meant; undefined when none is near: the same but for case and
 * punctuation, or with one change in four characters. Of a path with dots, the last part alone may be what was meant.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const last = candidate.slice(candidate.lastIndexOf(".") + 1);
    const distance = Math.min(editDistance(wanted, plain(candidate)), editDistance(wanted, plain(last)) + 0.5);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return least <= Math.max(1, wanted.length / 4) ? nearest : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Insertions, deletions, replacements, and exchanges of two neighbours that make one text of the other. */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > left.length) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let at = 1; at <= left.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= right.length; to += 1) {
      const isSame = left[at - 1] === right[to - 1];
      let least = Math.min(next[to - 1]! + 1, row[to]! + 1, row[to - 1]! + (isSame ? 0 : 1));
      const isExchange = at > 1 && to > 1 && left[at - 1] === right[to - 2] && left[at - 2] === right[to - 1];
      if (isExchange) least = Math.min(least, before[to - 2]! + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return row[right.length]!;
}
