import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";

/** A committed offset as it is kept: topic, partition, offset, leader epoch, metadata, commit time. */
export type OffsetRow = [
  topic: string,
  partition: number,
  offset: number,
  leaderEpoch: number,
  metadata: string,
  committedAtMs: number,
];

/** A member as it is kept; bytes are base64. */
export interface MemberRow {
  memberId: string;
  instanceId: string | null;
  clientId: string;
  clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: [name: string, metadata: string][];
  assignment: string;
}

/** One line of the journal; replaying all lines in order gives the coordinator's durable state. */
export type JournalRecord =
  | { kind: "offsets"; group: string; rows: OffsetRow[] }
  | {
      kind: "group";
      group: string;
      generation: number;
      protocolType: string;
      protocol: string | null;
      leaderId: string | null;
      members: MemberRow[];
    }
  | { kind: "deleteGroup"; group: string }
  | { kind: "forgetTopic"; topic: string };

/** Below this size the journal is not worth rewriting. */
const COMPACT_BYTES_MIN = 8 * 1024 * 1024;
/** Rewritten when it has grown to this multiple of its size after the last rewrite. */
const COMPACT_GROWTH = 4;
const NEWLINE = 0x0a;

/** Append-only file of JSON lines: groups and their offsets. Written before the client is answered, never fsynced. */
export class Journal {
  readonly #path: string;
  #fd: number;
  #sizeBytes: number;
  #sizeBytesCompacted: number;

  /** Opens the file, replays it through `onRecord`, and cuts off a torn last line. */
  constructor(path: string, onRecord: (record: JournalRecord) => void) {
    this.#path = path;
    this.#fd = openSync(path, "a+");
    this.#sizeBytes = replay(readFileSync(path), onRecord);
    this.#sizeBytesCompacted = this.#sizeBytes;
    ftruncateSync(this.#fd, this.#sizeBytes);
  }

  append(record: JournalRecord): void {
    const line = encode([record]);
    for (let written = 0; written < line.length; ) written += writeSync(this.#fd, line, written);
    this.#sizeBytes += line.length;
  }

  /** Whether most of the file is superseded lines. */
  get isOvergrown(): boolean {
    return this.#sizeBytes > Math.max(COMPACT_BYTES_MIN, this.#sizeBytesCompacted * COMPACT_GROWTH);
  }

  /** Replaces the content by `records`, in one step. */
  rewrite(records: JournalRecord[]): void {
    const content = encode(records);
    writeFileSync(`${this.#path}.new`, content);
    renameSync(`${this.#path}.new`, this.#path);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, "a+");
    this.#sizeBytes = content.length;
    this.#sizeBytesCompacted = content.length;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function encode(records: JournalRecord[]): Buffer {
  return Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/** Returns the size of the sound part: up to the last whole line that parses. */
function replay(content: Buffer, onRecord: (record: JournalRecord) => void): number {
  let start = 0;
  for (let end = content.indexOf(NEWLINE); end !== -1; end = content.indexOf(NEWLINE, start)) {
    let record: JournalRecord;
    try {
      record = JSON.parse(content.toString("utf8", start, end)) as JournalRecord;
    } catch {
      return start;
    }
    onRecord(record);
    start = end + 1;
  }
  return start;
}
