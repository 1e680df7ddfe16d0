import type { Intent } from "../../core/partition-offsets.ts";

/**
 * The ranges in flight of one partition as text in the metadata of its offset commit. The commit that carries a range is
 * made before the range is inserted; whoever owns the partition next inserts the same ranges once more, under the same
 * tokens, before anything else.
 *
 * Format, version 2: `m2`, then for each range a blank and `first-last@judged`: first and last Kafka offset, inclusive,
 * and the time that its lateness was judged by, ms since 1970; all decimal. Ranges rise and do not overlap; between two
 * of them the log may have no records. Example: `m2 4000-4999@1767225600000 5000-5311@1767225600412`.
 *
 * Version 1 differs in the word `m1` and in the tokens of its ranges, which name neither cluster nor group. A range keeps
 * its token until it is stored. Committed again without new ones, such ranges are written as version 1 wrote them: one
 * byte more, and a full text would lose its last range, which may be stored already. With new ones after them, the last
 * of them has the mark `/1`, which is about all before it, too. A program that knows version 1 only refuses `m2`, as it
 * must: it would repeat a range under a token that nobody has seen.
 *
 * Without metadata there is nothing in flight: so does a partition begin that another consumer committed before.
 */
const VERSION = "m2";
const BARE_VERSION = "m1";
const BARE_MARK = "/1";

/** What brokers accept by default (`offset.metadata.max.bytes`). */
export const METADATA_BYTES_MAX = 4_096;

/** The metadata of a commit is not ours, or of a later version. */
export class UnreadableIntents extends Error {
  constructor(metadata: string) {
    super(
      `commit metadata ${JSON.stringify(metadata.slice(0, 60))} is not "${VERSION} first-last@time …": another program ` +
        "commits under this consumer group, or a later version of this one did",
    );
    this.name = "UnreadableIntents";
  }
}

/**
 * Writes as many ranges as fit, from the first on. Returns the text and how many it holds: all that were in a text before,
 * as long as others are added after them and taken away before them only.
 */
export function encodeIntents(intents: readonly Intent[]): { metadata: string; count: number } {
  const bare = intents.filter(({ isBare }) => isBare === true);
  let metadata = bare.length === 0 ? VERSION : [BARE_VERSION, ...bare.map(textOf)].join(" ");
  let count = bare.length;
  for (const intent of intents.slice(count)) {
    const isFirst = bare.length > 0 && count === bare.length;
    const before = isFirst ? `${VERSION}${metadata.slice(BARE_VERSION.length)}${BARE_MARK}` : metadata;
    const next = `${before} ${textOf(intent)}`;
    if (next.length > METADATA_BYTES_MAX) break;
    metadata = next;
    count += 1;
  }
  return { metadata, count };
}

function textOf({ firstOffset, lastOffset, judgedMs }: Intent): string {
  return `${firstOffset}-${lastOffset}@${judgedMs}`;
}

/** @throws UnreadableIntents */
export function decodeIntents(metadata: string | null | undefined): Intent[] {
  if (metadata === null || metadata === undefined || metadata === "") return [];
  const [version, ...ranges] = metadata.split(" ");
  if (version !== VERSION && version !== BARE_VERSION) throw new UnreadableIntents(metadata);
  let floor = 0;
  const lastMark = ranges.findLastIndex((text) => text.endsWith(BARE_MARK));
  return ranges.map((text, index) => {
    const [, first, last, judged, mark] = /^(\d{1,16})-(\d{1,16})@(\d{1,16})(\/1)?$/.exec(text) ?? [];
    const intent = { firstOffset: Number(first), lastOffset: Number(last), judgedMs: Number(judged) };
    const isSound =
      first !== undefined &&
      floor <= intent.firstOffset &&
      intent.firstOffset <= intent.lastOffset &&
      (mark === undefined || version === VERSION);
    if (!isSound) throw new UnreadableIntents(metadata);
    floor = intent.lastOffset + 1;
    return index > lastMark && version === VERSION ? intent : { ...intent, isBare: true };
  });
}
