import type { Intent } from "../../core/partition-offsets.ts";
import { encodeIntents } from "./intents.ts";

/** A range of offsets from its cut until everything up to it is stored. */
export interface LedgerRange extends Intent {
  /** Its rows are stored. */
  durable: boolean;
  /** A commit that names it has been acknowledged: it may be inserted. */
  announced: boolean;
}

/** What a commit of the partition says, and the ranges that it makes known. */
export interface LedgerState {
  offset: number;
  metadata: string;
  announces: LedgerRange[];
}

/**
 * Per partition: the offset below which every record is durable, and the ranges above it that may be stored already.
 *
 * Ranges are opened in offset order when they are cut, and become durable in any order. Committing as each insert ends
 * would lose data: ranges 100–199 and 200–299 are in flight, the second is written and 300 committed, the first times
 * out and the process dies; Kafka resumes at 300 and the first range is gone. So an insert only marks its range, and
 * the commit position moves over the unbroken prefix of marked ranges.
 *
 * A durable range that is not in the prefix stays among the intents: its records will be read once more after a crash,
 * and must be cut alike.
 */
export class PartitionLedger {
  /** In offset order; the head is the oldest range that is not yet part of the prefix. */
  readonly #open: LedgerRange[];
  #position: number;
  /** Ranges that an earlier owner announced and that are not cut yet, a tail of `#open`. */
  readonly #replays: LedgerRange[];

  /** `position`: the committed offset. `intents`: what its metadata says. */
  constructor(position: number, intents: readonly Intent[] = []) {
    this.#position = position;
    // Announced by the commit that they were read from.
    this.#open = intents.map((intent) => ({ ...intent, durable: false, announced: true }));
    this.#replays = [...this.#open];
  }

  /**
   * Opens the next range, or returns the one to be replayed. Ranges must be opened in ascending order and may leave
   * gaps: offsets that the log no longer has (compaction, aborted transactions).
   *
   * @throws RangeError when the range begins at or before the end of the last one, or is not the one to be replayed
   * next: the caller has a logic error, and committing on top of it would hide a doubled row.
   */
  open(firstOffset: number, lastOffset: number, judgedMs: number): LedgerRange {
    const replay = this.#replays.shift();
    if (replay !== undefined) {
      if (replay.firstOffset === firstOffset && replay.lastOffset === lastOffset) return replay;
      throw new RangeError(
        `Cannot open range ${firstOffset}–${lastOffset}: ${replay.firstOffset}–${replay.lastOffset} is announced and comes first`,
      );
    }
    const last = this.#open.at(-1);
    const floor = last === undefined ? this.#position : last.lastOffset + 1;
    if (lastOffset < firstOffset || firstOffset < floor) {
      throw new RangeError(`Cannot open range ${firstOffset}–${lastOffset}: the next free offset is ${floor}`);
    }
    const range = { firstOffset, lastOffset, judgedMs, durable: false, announced: false };
    this.#open.push(range);
    return range;
  }

  /** Marks a range and moves the position over the durable prefix. Returns whether the position moved. */
  markDurable(range: LedgerRange): boolean {
    range.durable = true;
    let moved = 0;
    for (const head of this.#open) {
      if (!head.durable) break;
      this.#position = head.lastOffset + 1;
      moved += 1;
    }
    if (moved > 0) this.#open.splice(0, moved);
    return moved > 0;
  }

  state(): LedgerState {
    const { metadata, count } = encodeIntents(this.#open);
    return { offset: this.#position, metadata, announces: this.#open.slice(0, count) };
  }
}
