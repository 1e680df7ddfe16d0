/**
 * A piece of a range that goes in one insert: rows `from … to` (exclusive) of the batch, and of these the ones whose
 * partition's hash is `part` modulo `parts` (1: all).
 *
 * Which pieces there are follows from the range's rows and the server's refusals alone, and each has its own token.
 */
export interface Piece {
  from: number;
  to: number;
  parts: number;
  part: number;
}

/** Both halves by rows, the earlier offsets first. The piece has two rows or more. */
export function halvesOf(piece: Piece): [Piece, Piece] {
  const middle = piece.from + Math.floor((piece.to - piece.from) / 2);
  return [
    { ...piece, to: middle },
    { ...piece, from: middle },
  ];
}

/** The piece again as two, each with the rows of about half of its table partitions. */
export function partsOf(piece: Piece): [Piece, Piece] {
  const parts = piece.parts * 2;
  return [
    { ...piece, parts },
    { ...piece, parts, part: piece.part + piece.parts },
  ];
}

/** A range as its tokens name it. */
export interface TokenRange {
  topic: string;
  partition: number;
  firstOffset: number;
  lastOffset: number;
  tokenScope?: string | undefined;
  tokenSuffix?: string | undefined;
}

/**
 * `scope:topic:partition:first-last` for the range as a whole; rows cut from it carry the offsets of their own first and last
 * row, and a part by partitions `/part.parts` behind that.
 */
export function tokenOf(range: TokenRange, piece: Piece, offsets: Float64Array): string {
  const isWhole = piece.from === 0 && piece.to === offsets.length;
  const first = isWhole ? range.firstOffset : offsets[piece.from];
  const last = isWhole ? range.lastOffset : offsets[piece.to - 1];
  // Rows rise by offset unless a batch header lies: then a part could begin and end as the whole does.
  const rows = isWhole ? "" : `/${piece.to - piece.from}`;
  const part = piece.parts === 1 ? "" : `/${piece.part}.${piece.parts}`;
  const scope = range.tokenScope === undefined ? "" : `${range.tokenScope}:`;
  return `${scope}${range.topic}:${range.partition}:${first}-${last}${rows}${part}${range.tokenSuffix ?? ""}`;
}
