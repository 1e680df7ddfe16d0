import type { SinkBatch } from "./batch.ts";
import { memberIndexOf, type RowSpan } from "./member-rows.ts";

/**
 * A piece of a batch that goes in one insert: rows `firstRow` to `endRow` (half open) of all its rows, and of these the
 * ones whose table partition's hash is `shareIndex` modulo `shareCount` (1: all).
 *
 * Which pieces there are follows from the batch's rows and the server's refusals alone, and each has its own token.
 */
export interface Piece extends RowSpan {
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

/** A batch as its tokens name it. */
export type TokenBatch = Pick<SinkBatch, "members" | "bundleId" | "offsets" | "tokenScope" | "tokenSuffix">;

/**
 * `scope:topic:partition:first-last` for a range as a whole; rows cut from it carry the offsets of their own first and last
 * row, and their number; a piece by table partitions has `/shareIndex.shareCount` after that.
 *
 * `scope:bundle:ID` for a bundle as a whole, which `/m:first-m:last/rows` comes behind for rows cut from it, `m` being
 * which of its ranges the first and the last row are of.
 */
export function tokenOf(batch: TokenBatch, piece: Piece): string {
  const { members, bundleId, offsets, tokenScope } = batch;
  const isWhole = piece.firstRow === 0 && piece.endRow === offsets.length;
  const [first, last] = isWhole ? [] : [offsets[piece.firstRow], offsets[piece.endRow - 1]];
  let subject: string;
  if (bundleId === undefined) {
    const { topic, partition, firstOffset, lastOffset } = members[0]!;
    subject = `${topic}:${partition}:${first ?? firstOffset}-${last ?? lastOffset}`;
  } else if (isWhole) {
    subject = `bundle:${bundleId}`;
  } else {
    const edge = (row: number, offset: number | undefined) => `${memberIndexOf(batch, row)}:${offset}`;
    subject = `bundle:${bundleId}/${edge(piece.firstRow, first)}-${edge(piece.endRow - 1, last)}`;
  }
  // Rows rise by offset unless a batch header lies: then a piece could begin and end as the whole does.
  const rows = isWhole ? "" : `/${piece.endRow - piece.firstRow}`;
  const share = piece.shareCount === 1 ? "" : `/${piece.shareIndex}.${piece.shareCount}`;
  const scope = tokenScope === undefined ? "" : `${tokenScope}:`;
  return `${scope}${subject}${rows}${share}${batch.tokenSuffix ?? ""}`;
}
