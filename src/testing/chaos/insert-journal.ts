import type { PartitionRange } from "../../core/topic-partition.ts";
import { BundleBook } from "./bundle-book.ts";
import { rangesOf, type TokenSubject } from "./token-subject.ts";

/** One insert of a range or a bundle as the proxy saw it. */
export interface JournalEntry {
  atMs: number;
  /** Which ingester sent it. */
  ingester: number;
  token: string;
  /** Database-qualified. */
  table: string;
  /** What the token names. */
  subject: TokenSubject;
  /** Of its fence: an insert that begins at this time or later writes nothing. Undefined: it has none. */
  deadlineMs: number | undefined;
  /** When the server got it, which is later than `atMs` for an insert that was held up; undefined: never. */
  sentMs: number | undefined;
  /** The server's status; undefined: it gave no answer, or was never asked. */
  status: number | undefined;
  /** Of the answer's summary: rows that the server counted; a fenced insert that came too late has 0. */
  writtenRows: number | undefined;
  /** What was done to this insert, if anything. */
  fault: string | undefined;
  endedMs: number;
}

/** The deadline in a fenced insert's statement, quiet or loud (src/ingest/sink/insert.ts). */
export function readDeadlineMs(statement: string): number | undefined {
  const text = /now64\(3\) (?:<|>=) fromUnixTimestamp64Milli\((\d+)\)/.exec(statement)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** Whether the server got it at its deadline or later. */
export function isLate({ deadlineMs, sentMs }: JournalEntry): boolean {
  return deadlineMs !== undefined && sentMs !== undefined && sentMs >= deadlineMs;
}

/** Whether the server says that it has written rows. A refusal has written none. */
export function hasWritten({ status, writtenRows }: JournalEntry): boolean {
  return status === 200 && writtenRows !== 0;
}

/** All inserts of a run, to tell after a failure what happened to a row. */
export class InsertJournal {
  readonly entries: JournalEntry[] = [];
  /** Filled from the ingesters' commits, where a run sees them. */
  readonly bundles = new BundleBook();
  /** Inserts of bundles that no commit had named whole when they came. */
  readonly unannounced: JournalEntry[] = [];

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (this.rangesOf(entry) === undefined) this.unannounced.push(entry);
  }

  /** The ranges that an insert has rows of, or may have; undefined: of a bundle that no commit has named whole. */
  rangesOf({ subject }: Pick<JournalEntry, "subject">): readonly PartitionRange[] | undefined {
    return rangesOf(subject, (bundleId) => this.bundles.membersOf(bundleId));
  }

  /** Inserts with a range that meets `first … last` of a partition, in order of time. */
  touching(topic: string, partition: number, first: number, last: number): JournalEntry[] {
    const isMet = (range: PartitionRange) =>
      range.topic === topic && range.partition === partition && range.firstOffset <= last && range.lastOffset >= first;
    return this.entries.filter((entry) => this.rangesOf(entry)?.some(isMet));
  }

  /** Inserts that went to the same table under the same token more than once, together, in order of time. */
  get repeated(): JournalEntry[][] {
    const byToken = new Map<string, JournalEntry[]>();
    for (const entry of this.entries) {
      const key = `${entry.table} ${entry.token}`;
      byToken.set(key, [...(byToken.get(key) ?? []), entry]);
    }
    return [...byToken.values()].filter((list) => list.length > 1);
  }

  /** How many they are: by a repeat of one ingester, and by another ingester. */
  get repeats(): { repeated: number; byAnother: number } {
    const { repeated } = this;
    const byAnother = repeated.filter((list) => new Set(list.map(({ ingester }) => ingester)).size > 1);
    return { repeated: repeated.length, byAnother: byAnother.length };
  }

  /** Inserts that reached the server after their deadline, and those of them that have written rows: there must be none. */
  get late(): { arrived: number; written: number } {
    const late = this.entries.filter(isLate);
    return { arrived: late.length, written: late.filter(hasWritten).length };
  }
}

/** One line for a report. */
export function describeEntry(entry: JournalEntry): string {
  const { atMs, sentMs, deadlineMs, endedMs } = entry;
  const answer = entry.status === undefined ? "no answer" : `status ${entry.status}`;
  const rows = entry.writtenRows === undefined ? "" : `, ${entry.writtenRows} rows written`;
  const late = isLate(entry) ? `, ${sentMs! - deadlineMs!} ms after its deadline` : "";
  const fault = entry.fault === undefined ? "" : `, ${entry.fault}`;
  return (
    `${clockTime(atMs)} ingester ${entry.ingester} → ${entry.table} ${entry.token}: ` +
    `${answer}${rows} after ${endedMs - atMs} ms${late}${fault}`
  );
}

/** Time of day with milliseconds, UTC, as in the processes' logs. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
