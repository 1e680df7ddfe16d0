import type { BundleRef, Intent } from "../../core/partition-offsets.ts";
import { encodeIntents, FRAME_BYTES, MARK_BYTES, METADATA_BYTES_MAX, reservedBytes } from "./intents.ts";

/** A range of offsets from its cut until everything up to it is stored. */
export interface LedgerRange extends Intent {
  /** Its rows are stored. */
  durable: boolean;
  /** Commits name it from now on. */
  admitted: boolean;
  /** A commit that names it has been acknowledged: it may be inserted. */
  announced: boolean;
  /** Its bundle has a member that may not learn from this owner's commits that it is stored: a mark will say so. */
  leavesMark: boolean;
}

/** What a commit of the partition says, and the ranges that it makes known. */
export interface LedgerState {
  offset: number;
  metadata: string;
  announces: { range: LedgerRange; bundle: BundleRef | undefined }[];
}

/**
 * How many members of bundles a commit of one partition lists. Each that an earlier owner left may become a mark, which
 * stays until the epoch ends; so bounded, the marks leave room for new ranges (commit-size.ts counts on it).
 */
export const LISTED_MEMBERS_MAX = 16;

/**
 * Per partition: the offset below which every record is durable, and the ranges above it that may be stored already.
 *
 * Ranges are opened in offset order when they are cut, and become durable in any order. Committing as each insert ends
 * would lose data: ranges 100–199 and 200–299 are in flight, the second is written and 300 committed, the first times
 * out and the process dies; Kafka resumes at 300 and the first range is gone. So an insert only marks its range, and
 * the commit position moves over the unbroken prefix of marked ranges.
 *
 * A durable range that is not in the prefix stays among the intents. Alone, it is repeated after a crash, and ClickHouse
 * knows its token; so the text stays one that older versions read. As a member of a bundle it says that it is stored:
 * other members may have moved on, and nobody could put the bundle together again.
 */
export class PartitionLedger {
  /** In offset order; the head is the oldest range that is not yet part of the prefix. */
  readonly #open: LedgerRange[];
  readonly #inherited: ReadonlySet<LedgerRange>;
  readonly #marks: Set<string>;
  #position: number;
  /** The first so many of `#open` are admitted: a range that is listed without those before it would leave a hole. */
  #admittedCount = 0;
  #listedBytes = 0;
  #listedMembers = 0;

  /** `position`: the committed offset. `intents`: what its metadata says. `marks`: those of its marks to be kept. */
  constructor(position: number, intents: readonly Intent[] = [], marks: readonly string[] = []) {
    this.#position = position;
    this.#marks = new Set(marks);
    // Announced by the commit that they were read from.
    this.#open = intents.map((intent) => ({
      ...{ ...intent, durable: intent.isStored === true },
      // Other members may have other owners by now, who cannot conclude anything from an offset that has moved.
      ...{ admitted: false, announced: true, leavesMark: true },
    }));
    this.#inherited = new Set(this.#open);
    for (const range of this.#open) this.#list(range);
    this.#advance();
  }

  /** Ranges that an earlier owner announced and that are not stored yet, in offset order. They end in any order. */
  get replays(): LedgerRange[] {
    return this.#open.filter((range) => this.#inherited.has(range) && !range.durable);
  }

  get position(): number {
    return this.#position;
  }

  /** Whether commits have a range to name. */
  get isListing(): boolean {
    return this.#admittedCount > 0;
  }

  /** What the metadata takes at most until another range is admitted. */
  get reservedBytes(): number {
    return FRAME_BYTES + this.#marks.size * MARK_BYTES + this.#listedBytes;
  }

  /**
   * Opens the next range. Ranges must be opened in ascending order and may leave gaps: offsets that the log no longer
   * has (compaction, aborted transactions).
   *
   * @throws RangeError when the range begins at or before the end of the last one: the caller has a logic error, and
   * committing on top of it would hide a doubled row.
   */
  open(firstOffset: number, lastOffset: number, judgedMs: number, bundle?: BundleRef): LedgerRange {
    const last = this.#open.at(-1);
    const floor = last === undefined ? this.#position : last.lastOffset + 1;
    if (lastOffset < firstOffset || firstOffset < floor) {
      throw new RangeError(`Cannot open range ${firstOffset}–${lastOffset}: the next free offset is ${floor}`);
    }
    const range: LedgerRange = {
      ...{ firstOffset, lastOffset, judgedMs },
      ...{ durable: false, admitted: false, announced: false, leavesMark: false },
      ...(bundle === undefined ? {} : { bundle }),
    };
    this.#open.push(range);
    return range;
  }

  /** Whether the range is the next to be listed and the metadata has room for it. */
  admits(range: LedgerRange): boolean {
    if (this.#open[this.#admittedCount] !== range) return false;
    if (range.bundle !== undefined && this.#listedMembers >= LISTED_MEMBERS_MAX) return false;
    return this.reservedBytes + reservedBytes(range) <= METADATA_BYTES_MAX;
  }

  admit(range: LedgerRange): void {
    if (!this.admits(range)) throw new RangeError(`Range ${range.firstOffset}–${range.lastOffset} has no room yet`);
    this.#list(range);
  }

  /** The range goes with another bundle, or alone: of the one that it was announced with nothing was or will be inserted. */
  regroup(range: LedgerRange, bundle: BundleRef | undefined): void {
    this.#rename(range, { bundle });
  }

  /** The range goes alone, because nobody knows whether the bundle that it was announced with is stored. */
  withdraw(range: LedgerRange): void {
    this.#rename(range, { bundle: undefined, isDoubtful: true });
  }

  /** It is to be announced anew, as something else; what was to be said of its old bundle is not said any more. */
  #rename(range: LedgerRange, name: Pick<Intent, "bundle" | "isDoubtful">): void {
    if (range.admitted) this.#unlist(range);
    Object.assign(range, name, { announced: false, leavesMark: false });
    if (range.admitted) this.#list(range);
  }

  /**
   * The range is stored, and with it its bundle, if it has one: moves the position over the durable prefix. Returns whether
   * a commit has something new to say.
   */
  markDurable(range: LedgerRange): boolean {
    if (range.bundle !== undefined) range.isStored = true;
    const moved = this.markDurableAlone(range);
    return moved || range.bundle !== undefined;
  }

  /** The range is stored, and of the rest of its bundle nothing is known: nobody must conclude from this one. */
  markDurableAlone(range: LedgerRange): boolean {
    range.durable = true;
    return this.#advance();
  }

  /** From now on a mark says that the range's bundle is stored, if it is. Returns whether a commit has something new to say. */
  leaveMark(range: LedgerRange): boolean {
    range.leavesMark = true;
    const isPassed = !this.#open.includes(range);
    if (isPassed) this.#mark(range);
    return isPassed;
  }

  state(): LedgerState {
    const listed = this.#open.slice(0, this.#admittedCount);
    return {
      offset: this.#position,
      metadata: encodeIntents(listed, [...this.#marks]),
      announces: listed.map((range) => ({ range, bundle: range.bundle })),
    };
  }

  #advance(): boolean {
    const firstLeft = this.#open.findIndex(({ durable }) => !durable);
    const passed = this.#open.splice(0, firstLeft === -1 ? this.#open.length : firstLeft);
    for (const range of passed) {
      this.#position = range.lastOffset + 1;
      if (range.admitted) this.#unlist(range);
      if (range.leavesMark) this.#mark(range);
    }
    return passed.length > 0;
  }

  #mark({ bundle, isStored }: LedgerRange): void {
    if (bundle !== undefined && isStored === true) this.#marks.add(bundle.id);
  }

  #list(range: LedgerRange): void {
    range.admitted = true;
    this.#admittedCount += 1;
    this.#listedBytes += reservedBytes(range);
    if (range.bundle !== undefined) this.#listedMembers += 1;
  }

  #unlist(range: LedgerRange): void {
    this.#admittedCount -= 1;
    this.#listedBytes -= reservedBytes(range);
    if (range.bundle !== undefined) this.#listedMembers -= 1;
  }
}
