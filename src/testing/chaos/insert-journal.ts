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
  /** The server's status; undefined: it gave no answer, or was never asked. */
  status: number | undefined;
  /** Of the answer's summary: rows that the server counted; a fenced insert that came too late has 0. */
  writtenRows: number | undefined;
  /** What was done to this insert, if anything. */
  fault: string | undefined;
  endedMs: number;
}

/** Reads `topic:partition:first-last`. Undefined: not the token of a range. */
export function readToken(
  token: string,
): Pick<JournalEntry, "topic" | "partition" | "firstOffset" | "lastOffset"> | undefined {
  const match = /^(.+):(\d+):(\d+)-(\d+)$/.exec(token);
  if (match === null) return undefined;
  const [, topic, partition, first, last] = match;
  return { topic: topic!, partition: Number(partition), firstOffset: Number(first), lastOffset: Number(last) };
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

  /** Ranges that went to the same table more than once: by a repeat of one ingester, and by another ingester. */
  get repeats(): { repeated: number; byAnother: number } {
    const senders = new Map<string, number[]>();
    for (const { table, token, ingester } of this.entries) {
      const key = `${table} ${token}`;
      senders.set(key, [...(senders.get(key) ?? []), ingester]);
    }
    const again = [...senders.values()].filter((list) => list.length > 1);
    return { repeated: again.length, byAnother: again.filter((list) => new Set(list).size > 1).length };
  }
}

/** One line for a report. */
export function describeEntry(entry: JournalEntry): string {
  const time = clockTime(entry.atMs);
  const answer = entry.status === undefined ? "no answer" : `status ${entry.status}`;
  const rows = entry.writtenRows === undefined ? "" : `, ${entry.writtenRows} rows written`;
  const fault = entry.fault === undefined ? "" : `, ${entry.fault}`;
  return `${time} ingester ${entry.ingester} → ${entry.table} ${entry.token}: ${answer}${rows} after ${entry.endedMs - entry.atMs} ms${fault}`;
}

/** Time of day with milliseconds, UTC, as in the processes' logs. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
