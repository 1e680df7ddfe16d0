interface Point {
  offset: number;
  /** When its record was written, ms since 1970: known, or not before this. */
  timeMs: number;
  isKnown: boolean;
}

/** So many points of a partition are kept; of more, every second goes. */
const POINTS_MAX = 256;

/**
 * How old the first record of a partition is that nobody has read, without reading it: from record times that are known
 * anyway (of what was fetched), and from where the log ended at what time. Between two points it is interpolated.
 */
export class OldestUnread {
  #points: Point[] = [];

  /** The log ends here now: whatever gets this offset is written later. */
  noteEnd(logEnd: number, nowMs: number): void {
    this.#put({ offset: logEnd, timeMs: nowMs, isKnown: false });
  }

  noteRecord(offset: number, timeMs: number): void {
    this.#put({ offset, timeMs, isKnown: true });
  }

  /**
   * Age of the record at `position`, the first unread one; 0 when there is none. Undefined: nothing is known. What the log
   * had before the first look is as old as that at least. Positions only go up; if one goes back, the points below it are
   * gone, and the age is the least possible again.
   */
  ageMs(position: number, logEnd: number, nowMs: number): number | undefined {
    while (this.#points.length > 1 && this.#points[1]!.offset <= position) this.#points.shift();
    if (position >= logEnd) return 0;
    const [first, second] = this.#points;
    if (first === undefined) return undefined;
    let timeMs = first.timeMs;
    if (second !== undefined && first.offset < position) {
      const share = (position - first.offset) / (second.offset - first.offset);
      timeMs += share * (second.timeMs - first.timeMs);
    }
    return Math.max(0, nowMs - timeMs);
  }

  #put(point: Point): void {
    const points = this.#points;
    let index = points.length;
    while (index > 0 && points[index - 1]!.offset >= point.offset) index -= 1;
    const there = points[index];
    if (there?.offset !== point.offset) points.splice(index, 0, point);
    else if (point.isKnown || !there.isKnown) points[index] = point;
    if (points.length > POINTS_MAX) this.#points = points.filter((_, at) => at % 2 === 0 || at === points.length - 1);
  }
}
