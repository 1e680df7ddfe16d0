import type { Intent } from "../../core/partition-offsets.ts";
import { BUNDLE_ID_LENGTH } from "./bundle-id.ts";

/**
 * The ranges in flight of one partition as text in the metadata of its offset commit. The commit that carries a range is
 * made before the range is inserted; whoever owns the partition next inserts the same ranges once more, under the same
 * tokens, before anything else.
 *
 * Format: words with one blank between them. The first is the version, the lowest that says it all, so that an older
 * program can go on where nothing is said that it does not know, and refuses the rest, as it must: it would repeat a
 * range under a token that nobody has seen.
 *
 * - `first-last@judged`: a range that is inserted alone. First and last Kafka offset, inclusive, and the time that its
 *   lateness is judged by, ms since 1970; all decimal. Ranges rise and do not overlap; between two of them the log may
 *   have no records. `m2 4000-4999@1767225600000 5000-5311@1767225600412`.
 * - Version 1, `m1`, differs in the tokens of its ranges, which name neither cluster nor group. A range keeps its token
 *   until it is stored. Committed again without new ones, such ranges are written as version 1 wrote them: one byte more,
 *   and a full text would lose its last range, which may be stored already. With new ones after them, the last of them
 *   has the mark `/1`, which is about all before it, too.
 * - Version 3, `m3`: `first-last@judged#ID.COUNT` is a member of the bundle ID, which has COUNT ranges in as many
 *   partitions. `!` behind a range: it is stored, and with it its whole bundle, because that was one insert. `+ID`, before
 *   the ranges: that bundle is stored, and this partition has moved past its member, while others may still list theirs.
 *   `m3 +q1fPOx0a0-tAdcWd 5312-5711@1767225600812#Zm9vYmFyMTIzNDU2.12! 5712-5900@1767225601212`.
 * - `first-last@judged?`, of version 3, too: a range that has left a bundle of which nobody knew whether it was stored. It is
 *   stored alone, and only what the table lacks of it.
 *
 * Without metadata there is nothing in flight: so does a partition begin that another consumer committed before.
 */
const VERSION_BARE = "m1";
const VERSION_ALONE = "m2";
const VERSION_BUNDLES = "m3";
const BARE_MARK = "/1";
const STORED_MARK = "!";
const DOUBT_MARK = "?";

/** What brokers accept by default (`offset.metadata.max.bytes`). */
export const METADATA_BYTES_MAX = 4_096;

/** What a text has besides ranges and marks at most: the version and one `/1`. */
export const FRAME_BYTES = VERSION_BUNDLES.length + BARE_MARK.length;

/** ` +ID` */
export const MARK_BYTES = 2 + BUNDLE_ID_LENGTH;

/** ` first-last@judged#ID.COUNT!`, with offsets and times that a number holds exactly, and a COUNT of four digits. */
export const RANGE_BYTES_MAX = 1 + 16 + 1 + 16 + 1 + 16 + 1 + BUNDLE_ID_LENGTH + 1 + 4 + STORED_MARK.length;

/** What the metadata of one partition says. */
export interface InFlight {
  /** In offset order. */
  intents: Intent[];
  /** Ids of bundles that are stored and that this partition has moved past. */
  marks: string[];
}

/** The metadata of a commit is not ours, or of a later version. */
export class UnreadableIntents extends Error {
  constructor(metadata: string) {
    super(
      `commit metadata ${JSON.stringify(metadata.slice(0, 60))} is not "${VERSION_ALONE} first-last@time …" or ` +
        `"${VERSION_BUNDLES} …": another program commits under this consumer group, or a later version of this one did`,
    );
    this.name = "UnreadableIntents";
  }
}

/** Writes all of them: that they fit into METADATA_BYTES_MAX is for the ledger to see to. */
export function encodeIntents(intents: readonly Intent[], marks: readonly string[] = []): string {
  const bareCount = intents.filter(({ isBare }) => isBare === true).length;
  const saysMore = marks.length > 0 || intents.some(isOfVersion3);
  const isBareOnly = !saysMore && bareCount > 0 && bareCount === intents.length;
  let text = saysMore ? VERSION_BUNDLES : isBareOnly ? VERSION_BARE : VERSION_ALONE;
  for (const id of marks) text += ` +${id}`;
  for (const [index, { firstOffset, lastOffset, judgedMs, bundle, isStored, isDoubtful }] of intents.entries()) {
    text += ` ${firstOffset}-${lastOffset}@${judgedMs}`;
    if (index === bareCount - 1 && !isBareOnly) text += BARE_MARK;
    if (bundle !== undefined) text += `#${bundle.id}.${bundle.count}`;
    if (isStored) text += STORED_MARK;
    else if (isDoubtful) text += DOUBT_MARK;
  }
  return text;
}

/** The room that a range takes while it is listed: a member of a bundle can become stored before it can be taken away. */
export function reservedBytes({ firstOffset, lastOffset, judgedMs, bundle, isStored, isDoubtful }: Intent): number {
  const bytes = ` ${firstOffset}-${lastOffset}@${judgedMs}`.length;
  if (bundle === undefined) return isStored || isDoubtful ? bytes + STORED_MARK.length : bytes;
  return bytes + `#${bundle.id}.${bundle.count}`.length + STORED_MARK.length;
}

const rangePattern = new RegExp(
  `^(\\d{1,16})-(\\d{1,16})@(\\d{1,16})(/1)?(?:#([\\w-]{${BUNDLE_ID_LENGTH}})\\.([1-9]\\d{0,3}))?([!?])?$`,
);
const markPattern = new RegExp(`^\\+([\\w-]{${BUNDLE_ID_LENGTH}})$`);

/** @throws UnreadableIntents */
export function decodeIntents(metadata: string | null | undefined): InFlight {
  if (metadata === null || metadata === undefined || metadata === "") return { intents: [], marks: [] };
  const [version, ...words] = metadata.split(" ");
  const firstRange = words.findIndex((word) => !word.startsWith("+"));
  const split = firstRange === -1 ? words.length : firstRange;
  const marks = words.slice(0, split).map((word) => markPattern.exec(word)?.[1] ?? "");
  const intents = words.slice(split).map(readRange);
  const read = withBare(intents, version);
  if (!marks.includes("") && read !== undefined && isSound(read, marks, version)) return { intents: read, marks };
  throw new UnreadableIntents(metadata);
}

function readRange(word: string): Intent | undefined {
  const [, first, last, judged, bareMark, id, count, end] = rangePattern.exec(word) ?? [];
  if (first === undefined) return undefined;
  const intent: Intent = { firstOffset: Number(first), lastOffset: Number(last), judgedMs: Number(judged) };
  if (bareMark !== undefined) intent.isBare = true;
  if (id !== undefined) intent.bundle = { id, count: Number(count) };
  if (end === STORED_MARK) intent.isStored = true;
  if (end === DOUBT_MARK) intent.isDoubtful = true;
  return intent;
}

/** The mark is about all before it, too; undefined when a word is none of ours. */
function withBare(read: (Intent | undefined)[], version: string | undefined): Intent[] | undefined {
  const intents = read.filter((intent) => intent !== undefined);
  if (intents.length < read.length) return undefined;
  const lastMark = intents.findLastIndex(({ isBare }) => isBare === true);
  if (version === VERSION_BARE) return lastMark === -1 ? intents.map(bare) : undefined;
  if (intents.some(({ isBare }, index) => isBare === true && index < lastMark)) return undefined;
  return intents.map((intent, index) => (index <= lastMark ? bare(intent) : intent));
}

function bare(intent: Intent): Intent {
  return { ...intent, isBare: true };
}

/** Whether older versions have no words for it. */
function isOfVersion3({ bundle, isStored, isDoubtful }: Intent): boolean {
  return bundle !== undefined || isStored === true || isDoubtful === true;
}

function isSound(intents: Intent[], marks: string[], version: string | undefined): boolean {
  const saysMore = marks.length > 0 || intents.some(isOfVersion3);
  if (saysMore ? version !== VERSION_BUNDLES : version !== VERSION_ALONE && version !== VERSION_BARE) return false;
  // A bundle has one range in a partition, and is marked there only when it is not listed any more.
  const ids = [...marks, ...intents.flatMap(({ bundle }) => bundle?.id ?? [])];
  if (new Set(ids).size < ids.length) return false;
  return intents.every(({ firstOffset, lastOffset, bundle, isBare, isDoubtful }, index) => {
    const floor = index === 0 ? 0 : intents[index - 1]!.lastOffset + 1;
    const isBundleSound = bundle === undefined || (bundle.count >= 2 && isBare === undefined);
    const isDoubtSound = isDoubtful === undefined || (bundle === undefined && isBare === undefined);
    return floor <= firstOffset && firstOffset <= lastOffset && isBundleSound && isDoubtSound;
  });
}
