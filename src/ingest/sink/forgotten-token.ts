import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { classifyInsertError } from "../../clients/clickhouse/diagnose-insert.ts";
import type { SinkBatch } from "./batch.ts";
import { askableBy, cannotAsk, type Doubt } from "./cannot-ask.ts";
import { memberRowsOf, whereOf } from "./member-rows.ts";
import type { Piece } from "./pieces.ts";
import { keyOfRows } from "./row-key.ts";
import { rowsCondition } from "./stored-rows.ts";
import { TokenMemory } from "./token-memory.ts";

/** A repeat that comes so soon after its first attempt finds its token, unless the range is another owner's. */
const TRUSTED_MS = 60_000;
/** The server's default for replicated tables, where nobody may read what a table has. */
const UNREAD_WINDOW_MS = 3_600_000;

/** A condition on the rows of an insert, and whether it is there because the table may have forgotten the token. */
export interface RowsWanted {
  condition: string;
  isForgotten: boolean;
}

/**
 * Guards repeats where a token is no proof: after an outage of longer than the table's window the range in flight would be
 * stored once more. Such a repeat stores only the rows that the table does not have, by their coordinates.
 */
export class ForgottenTokens {
  readonly #memory: TokenMemory;
  readonly #allowsDuplicates: boolean;

  constructor(client: ClickHouseClient, allowsDuplicates: boolean) {
    this.#memory = new TokenMemory(client);
    this.#allowsDuplicates = allowsDuplicates;
  }

  /**
   * The rows that a repeat may store, or any attempt at a batch that is `absentOnly`; undefined when the token tells, or
   * doubled rows are allowed.
   *
   * @param sinceMs no insert of these rows was sent before, ms since 1970
   * @throws MillraceError E_INCOMPLETE when the token does not tell and the table cannot be asked; what the client throws.
   */
  async wantedOf(batch: SinkBatch, piece: Piece, token: string, sinceMs: number): Promise<RowsWanted | undefined> {
    const doubt = await this.#doubtOf(batch, piece, sinceMs);
    if (doubt === undefined) return undefined;
    const { table } = batch;
    const rows = memberRowsOf(batch, piece);
    const coordinates = askableBy(batch);
    if (coordinates !== undefined) {
      const { expression } = keyOfRows(coordinates, rows);
      const condition = `${expression} NOT IN (SELECT ${expression} FROM ${table} WHERE ${rowsCondition(coordinates, rows)})`;
      return { condition, isForgotten: doubt === "forgotten" };
    }
    if (this.#allowsDuplicates) return undefined;
    throw cannotAsk(batch, doubt, { what: `The range ${token}`, sinceMs, where: whereOf(rows) });
  }

  async #doubtOf(batch: SinkBatch, piece: Piece, sinceMs: number): Promise<Doubt | undefined> {
    if (batch.absentOnly === true) return "alone";
    if (mayBeCutAnew(batch, piece)) return "lacking";
    return (await this.#isDoubtful(batch, sinceMs)) ? "forgotten" : undefined;
  }

  async #isDoubtful({ table, isReplay }: SinkBatch, sinceMs: number): Promise<boolean> {
    if (isReplay !== true && Date.now() - sinceMs < TRUSTED_MS) return false;
    return this.#mayBeForgotten(table, sinceMs);
  }

  async #mayBeForgotten(table: string, sinceMs: number): Promise<boolean> {
    try {
      return await this.#memory.mayHaveForgotten(table, sinceMs);
    } catch (error) {
      const isDenied = error instanceof ClickHouseError && classifyInsertError(error) === "fatal";
      if (!isDenied) throw error;
      return Date.now() - sinceMs > UNREAD_WINDOW_MS * 0.9;
    }
  }
}

/**
 * Whether an earlier attempt may have stored rows of the piece under another token, because it had more of the records:
 * where the server refuses a row, or the number of table partitions, a batch is cut by the rows that it has. Then the
 * whole proves as little as a piece: what was refused may be gone.
 *
 * Owners that repeat a bundle at the same time may have read it before and after records went, so its pieces by rows look,
 * too. What is left: retention comes between the two reads, a row is refused, and two of their inserts, cut at different
 * places, are under way at the same moment. Neither finds the other's rows.
 *
 * Where the table cannot be asked, a log with holes alone is no reason to stop: every topic that is compacted has some.
 * With rows refused on top of it, it is.
 */
function mayBeCutAnew(batch: SinkBatch, { firstRow, endRow, shareCount }: Piece): boolean {
  const { isReplay, lacks, isShared, rowCount } = batch;
  if (isReplay !== true) return false;
  const isOfRows = endRow - firstRow < rowCount;
  if (lacks === "some") return true;
  if (lacks === "perhaps" && (isOfRows || shareCount > 1)) return true;
  return askableBy(batch) !== undefined && (lacks === "perhaps" || (isShared === true && isOfRows));
}
