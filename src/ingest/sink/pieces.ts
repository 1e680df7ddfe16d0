import type { TopicPartition } from "../../core/topic-partition.ts";
/**
 * A piece of a range that goes in one insert: rows `firstRow` to `endRow` (half open) of the batch, and of these the
 * ones whose partition's hash is `shareIndex` modulo `shareCount` (1: all).
 *
 * Which pieces there are follows from the range's rows and the server's refusals alone, and each has its own token.
 */
export interface Piece {
  firstRow: number;
  endRow: number;
  shareCount: number;
  shareIndex: number;
}

/** Cuts a piece in two by rows, the earlier offsets first. The piece has two rows or more. */
export function splitByRows(piece: Piece): [Piece, Piece] {
  const middle = piece.firstRow + Math.floor((piece.endRow - piece.firstRow) / 2);
  return [
    { ...piece, endRow: middle },
    { ...piece, firstRow: middle },
  ];
}

/** Cuts a piece in two by table partitions: each has the rows of about half of them. */
export function splitByPartitions(piece: Piece): [Piece, Piece] {
  const shareCount = piece.shareCount * 2;
  return [
    { ...piece, shareCount },
    { ...piece, shareCount, shareIndex: piece.shareIndex + piece.shareCount },
  ];
}

/** A range as its tokens name it. */
export interface TokenRange extends TopicPartition {
  firstOffset: number;
  lastOffset: number;
  tokenScope?: string | undefined;
  tokenSuffix?: string | undefined;
}

/**
 * `scope:topic:partition:first-last` for the range as a whole; rows cut from it carry the offsets of their own first and last
 * row, and their number; a piece by table partitions has `/shareIndex.shareCount` after that.
 */
export function tokenOf(range: TokenRange, piece: Piece, offsets: Float64Array): string {
  const isWhole = piece.firstRow === 0 && piece.endRow === offsets.length;
  const first = isWhole ? range.firstOffset : offsets[piece.firstRow];
  const last = isWhole ? range.lastOffset : offsets[piece.endRow - 1];
  // Rows rise by offset unless a batch header lies: then a piece could begin and end as the whole does.
  const rows = isWhole ? "" : `/${piece.endRow - piece.firstRow}`;
  const share = piece.shareCount === 1 ? "" : `/${piece.shareIndex}.${piece.shareCount}`;
  const scope = range.tokenScope === undefined ? "" : `${range.tokenScope}:`;
  return `${scope}${range.topic}:${range.partition}:${first}-${last}${rows}${share}${range.tokenSuffix ?? ""}`;
}
