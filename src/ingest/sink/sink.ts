import type { ClickHouseClient } from "@clickhouse/client";
import { refusalType } from "../../clients/clickhouse/diagnose-insert.ts";
import type { Lease } from "../../core/lease.ts";
import { createTableQuestions } from "./ask-table.ts";
import type { Refusal, SinkBatch, StoreOutcome } from "./batch.ts";
import type { Coordinates } from "./coordinates.ts";
import type { SinkEvents } from "./events.ts";
import { createPieceInserter, hopeless } from "./insert-piece.ts";
import { checkMembers, type MemberRows, memberIndexOf } from "./member-rows.ts";
import { type Piece, splitByPartitions, splitByRows, tokenOf } from "./pieces.ts";
import { hasAllRows, readStoredRuns, type StoredRun } from "./stored-rows.ts";
import { type StalledTable, TableStates } from "./table-states.ts";

export type { Lease } from "../../core/lease.ts";
export type { BatchMember, Refusal, SinkBatch, StoreOutcome } from "./batch.ts";
export type { SinkEvents } from "./events.ts";
export { insertSecondsMax } from "./insert-settings.ts";
export type { StoredRun } from "./stored-rows.ts";
export type { StalledTable } from "./table-states.ts";

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;
const PARTITIONS_MAX = 100;
/**
 * Some 25 s on average, by the pauses above; then it is no state that passes. A piece of a range need not wait again.
 */
const DOUBTS_MAX = 12;
const PIECE_DOUBTS_MAX = 1;
/** So many rows that are refused one by one, of one range or of many, and none that is stored, are not the rows' fault. */
const BLAMELESS_ROWS = 16;

export interface SinkOptions {
  /** Inserts of a table that run at once, and one more in all; fewer while the server is overloaded. */
  insertsMax: number;
  signal: AbortSignal;
  /** Longest pause after the first failure, and after many; both are drawn from 0 … this. Default: 100 ms and 10 s. */
  retryFirstMs?: number;
  retryMaxMs?: number;
  /**
   * An insert that touches more table partitions goes in pieces. Default: 100, as the server's own. With another value
   * a range that is replayed after the change is cut at other places, and its rows can be doubled.
   */
  partitionsMax?: number;
  /** Repeat a range though its token may be forgotten and nobody can know whether it is stored. Default: stop. */
  allowsDuplicates?: boolean;
}

export interface Sink {
  /**
   * Stores the rows. Returns those that the server refuses for their data; ClickHouse has acknowledged all others.
   *
   * The token is `scope:topic:partition:first-last`, the scope being the batch's `tokenScope`, and `scope:bundle:ID` for
   * ranges that were cut together. A piece of a refused insert carries the offsets of its own first and last row; one
   * that was cut by table partitions has `/shareIndex.shareCount` after it (`tokenOf` in pieces.ts). A replay of the
   * same batch is refused at the same places and finds the same tokens. A batch that cannot be cut by rows comes back as `refusedWhole`, to be stored again by rows, under the same
   * tokens.
   *
   * The lease is asked before every attempt. An insert that begins after its deadline writes nothing, and goes again.
   *
   * An error that nobody has judged is repeated for a while and then taken for one of the data: a row to blame comes out
   * alone, and if no row is taken at all it is none of theirs. Where the table cannot be asked for the range it stops.
   *
   * @throws MillraceError E_CLICKHOUSE when no retry can help or a materialized view throws, whatever the lease rejects
   * with (StaleOwner), and the signal's reason when it aborts.
   */
  store(batch: SinkBatch, lease: Lease): Promise<StoreOutcome>;

  /**
   * Which offsets of these spans the table has rows of; undefined: it cannot be asked.
   *
   * @param spans one of a partition, not empty
   */
  storedRuns(table: string, coordinates: Coordinates, spans: readonly MemberRows[]): Promise<StoredRun[] | undefined>;

  /** Whether inserts into the table have failed since it took one. */
  isStalled(table: string): boolean;

  /** All these tables. */
  stalled(): StalledTable[];
}

/** One sink for all tables. At most `insertsMax` inserts of each run at once; the others wait in order. */
export function createSink(client: ClickHouseClient, options: SinkOptions, events: SinkEvents): Sink {
  const { retryFirstMs = RETRY_FIRST_MS, retryMaxMs = RETRY_MAX_MS, partitionsMax = PARTITIONS_MAX, signal } = options;
  const bounds = { firstMs: retryFirstMs, maxMs: retryMaxMs };
  const tables = new TableStates(options.insertsMax, bounds, signal, (table) => events.onRecovered?.(table));
  const ask = createTableQuestions(bounds, signal, events);
  const insertPiece = createPieceInserter(
    client,
    tables,
    { bounds, partitionsMax, allowsDuplicates: options.allowsDuplicates === true, signal },
    events,
  );

  return {
    isStalled: (table) => tables.isStalled(table),
    storedRuns: (table, coordinates, spans) => ask(table, () => readStoredRuns(client, table, coordinates, spans)),
    stalled: () => tables.stalled,
    async store(batch, lease) {
      checkMembers(batch);
      const outcome: StoreOutcome = { refusals: [], refusedWhole: undefined, sentMs: Date.now(), isBodyRead: true };
      if (batch.rowCount === 0) return outcome;
      const whole: Piece = { firstRow: 0, endRow: batch.rowCount, shareCount: 1, shareIndex: 0 };
      const refusals = new Map<string, Refusal>();
      let wasSent = false;
      let storedPieces = 0;
      let isRepeat = batch.isReplay === true;
      const onSent = () => {
        if (!wasSent) outcome.sentMs = Date.now();
        wasSent = true;
      };
      // The next piece last: first share before second, earlier offsets before later ones.
      const pieces = [whole];
      for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
        const token = tokenOf(batch, piece);
        const doubtsMax = piece === whole ? DOUBTS_MAX : PIECE_DOUBTS_MAX;
        const done = await insertPiece({ batch, piece, token, lease, isRepeat, doubtsMax, onSent });
        if (piece === whole && done.attempts > 1) isRepeat = true;
        if (done.attempts > 1 || done.end !== "stored") outcome.isBodyRead = false;
        if (done.end === "stored") {
          storedPieces += 1;
          continue;
        }
        if (done.end === "split") {
          const shares = splitByPartitions(piece);
          events.onSplit?.(batch.table, token, shares[0].shareCount);
          pieces.push(...shares.reverse());
          continue;
        }
        const isBefore = piece === whole ? await isStoredBefore(batch, done.attempts) : false;
        if (isBefore === true) {
          events.onFoundStored?.(batch.table, token);
        } else if (isBefore === undefined && done.isDoubtful) {
          // An attempt of which nobody heard may have stored it: pieces, under tokens of their own, would double it.
          throw hopeless({ batch, piece, token }, done.error);
        } else if (batch.rowStarts.length === 0) {
          return { ...outcome, refusedWhole: done.error };
        } else if (piece.endRow - piece.firstRow > 1) {
          pieces.push(...splitByRows(piece).reverse());
        } else {
          // A row that no piece can hold back, such as one that cannot be read, is refused in each of them.
          const refusal = refusalOf(batch, piece.firstRow, done.error);
          refusals.set(`${refusal.member}:${refusal.offset}`, refusal);
          if (!done.isDoubtful || storedPieces > 0) continue;
          const isWholeRange = refusals.size === batch.rowCount && batch.rowCount > 1;
          const isBlameless = isWholeRange || tables.noteDoubted(batch.table) >= BLAMELESS_ROWS;
          if (isBlameless) throw hopeless({ batch, piece, token }, done.error);
        }
      }
      return { ...outcome, refusals: [...refusals.values()].sort(byPlace) };
    },
  };

  /**
   * An insert may have been stored although nobody was told, and the table altered since so that it refuses these rows:
   * cut up now, the good ones would be stored once more, under the tokens of their halves. Rows that are refused were
   * never stored in halves, so a table that has them all has them by the token of the whole. Undefined: nobody can know.
   *
   * The other way round nothing helps: halves are stored, the process dies, the constraint is dropped, and the replay
   * goes through whole. A constraint is dropped while no range is in doubt: after a stop that drained.
   */
  async function isStoredBefore(batch: SinkBatch, attempts: number): Promise<boolean | undefined> {
    if (batch.isReplay !== true && attempts === 1) return false;
    if (batch.coordinates === undefined) return undefined;
    return ask(batch.table, () => hasAllRows(client, batch));
  }
}

function refusalOf(batch: SinkBatch, row: number, error: unknown): Refusal {
  return {
    member: memberIndexOf(batch, row),
    offset: batch.offsets[row]!,
    errorType: refusalType(error),
    errorMessage: error instanceof Error ? error.message : String(error),
  };
}

function byPlace(a: Refusal, b: Refusal): number {
  return a.member - b.member || a.offset - b.offset;
}
