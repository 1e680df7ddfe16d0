/** One insert of a range as the proxy saw it. */
export interface JournalEntry {
  atMs: number;
  /** Which ingester sent it. */
  ingester: number;
  token: string;
  /** Database-qualified. */
  table: string;
  topic: string;
  partition: number;
  firstOffset: number;
  lastOffset: number;
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

/**
 * The scope, two words; topic and partition; `first-last`, then `/rows` for some rows of the range, `/k.N` for some table
 * partitions, then what is not a fact.
 */
const tokenPattern =
  /^[^:]*:[^:]*:([^:]+):(\d+):(\d+)-(\d+)(?:\/\d+)?(?:\/\d+\.\d+)?(?:\/(?:dead|absent|lost|skipped))?$/;

/**
 * Reads the token of a range or of a piece of one (src/ingest/sink/pieces.ts, src/run). Undefined: not such a token.
 */
export function readToken(
  token: string,
): Pick<JournalEntry, "topic" | "partition" | "firstOffset" | "lastOffset"> | undefined {
  const match = tokenPattern.exec(token);
  if (match === null) return undefined;
  const [, topic, partition, first, last] = match;
  return { topic: topic!, partition: Number(partition), firstOffset: Number(first), lastOffset: Number(last) };
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

  add(entry: JournalEntry): void {
    this.entries.push(entry);
  }

  /** Inserts whose range meets `first … last` of a partition, in order of time. */
  touching(topic: string, partition: number, first: number, last: number): JournalEntry[] {
    return this.entries.filter(
      (entry) =>
        entry.topic === topic &&
        entry.partition === partition &&
        entry.firstOffset <= last &&
        entry.lastOffset >= first,
    );
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
