import type { PartitionRange } from "../../core/topic-partition.ts";

/** What a token names: a range or rows of one, or a bundle or rows of one. */
export type TokenSubject = PartitionRange | BundleSubject;

export interface BundleSubject {
  bundleId: string;
  /** Where the first and the last row are, for some of its rows; undefined: all. */
  rows?: { first: RowPlace; last: RowPlace } | undefined;
}

interface RowPlace {
  /** Which of the bundle's ranges. */
  member: number;
  offset: number;
}

/** `/k.N` for some table partitions, then what is not a fact. */
const tail = String.raw`(?:\/\d+\.\d+)?(?:\/(dead|absent|lost|skipped))?$`;
/** The scope, two words; topic and partition; `first-last`, then `/rows` for some rows of the range. */
const rangePattern = new RegExp(String.raw`^[^:]*:[^:]*:([^:]+):(\d+):(\d+)-(\d+)(?:\/\d+)?${tail}`);
/** The scope; the id; `/m:first-m:last/rows` for some rows. */
const bundlePattern = new RegExp(String.raw`^[^:]*:[^:]*:bundle:([\w-]{16})(?:\/(\d+):(\d+)-(\d+):(\d+)\/\d+)?${tail}`);

/**
 * Reads the token of a range, of a bundle or of a piece of one (src/ingest/sink/pieces.ts, src/run). Undefined: not such a
 * token.
 */
export function readToken(token: string): TokenSubject | undefined {
  const range = rangePattern.exec(token);
  if (range !== null) {
    const [, topic, partition, first, last] = range;
    return { topic: topic!, partition: Number(partition), firstOffset: Number(first), lastOffset: Number(last) };
  }
  const bundle = bundlePattern.exec(token);
  if (bundle === null) return undefined;
  const [, bundleId, firstMember, first, lastMember, last, suffix] = bundle;
  // A batch of gaps has ranges with a gap only: its numbers are not the bundle's.
  if (first === undefined || (suffix !== undefined && suffix !== "dead")) return { bundleId: bundleId! };
  return {
    bundleId: bundleId!,
    rows: {
      first: { member: Number(firstMember), offset: Number(first) },
      last: { member: Number(lastMember), offset: Number(last) },
    },
  };
}

/** The ranges that an insert's rows are from, given all of its bundle. */
export function rangesOf(
  subject: TokenSubject,
  membersOf: (bundleId: string) => readonly PartitionRange[] | undefined,
): readonly PartitionRange[] | undefined {
  if (!("bundleId" in subject)) return [subject];
  const members = membersOf(subject.bundleId);
  const { rows } = subject;
  if (members === undefined || rows === undefined) return members;
  const { first, last } = rows;
  return members.slice(first.member, last.member + 1).map((member, index) => ({
    ...member,
    firstOffset: index === 0 ? first.offset : member.firstOffset,
    lastOffset: index === last.member - first.member ? last.offset : member.lastOffset,
  }));
}
