/**
 * Per partition: the offset below which every record is durable.
 *
 * Ranges are opened in offset order when they are cut, and become durable in any order. Committing as each insert ends
 * would lose data: ranges 100–199 and 200–299 are in flight, the second is written and 300 committed, the first times
 * out and the process dies; Kafka resumes at 300 and the first range is gone. So an insert only marks its range, and
 * the commit position moves over the unbroken prefix of marked ranges.
 */
export interface Range {
  firstOffset: number;
  lastOffset: number;
  durable: boolean;
}

export class PartitionLedger {
  /** In offset order; the head is the oldest range that is not yet part of the prefix. */
  #open: Range[] = [];
  #position: number | undefined;

  /**
   * Opens the next range. Ranges must be opened in ascending order and may leave gaps: offsets that the log no longer
   * has (compaction, aborted transactions).
   *
   * @throws RangeError when the range begins at or before the end of the last one: the caller has a logic error, and
   * committing on top of it would hide a doubled row.
   */
  open(firstOffset: number, lastOffset: number): Range {
    const last = this.#open.at(-1);
    const floor = last === undefined ? this.#position : last.lastOffset + 1;
    if (lastOffset < firstOffset || (floor !== undefined && firstOffset < floor)) {
      throw new RangeError(`Cannot open range ${firstOffset}–${lastOffset}: the next free offset is ${floor}`);
    }
    const range = { firstOffset, lastOffset, durable: false };
    this.#open.push(range);
    return range;
  }

  /** Marks a range and moves the position over the durable prefix. Returns whether the position moved. */
  markDurable(range: Range): boolean {
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

  /** The offset to commit: the next record to read. Undefined until the first range is durable. */
  get position(): number | undefined {
    return this.#position;
  }

  /** Ranges cut but not yet below the position. */
  get openCount(): number {
    return this.#open.length;
  }
}
