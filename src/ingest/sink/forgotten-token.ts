import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { classifyInsertError } from "../../clients/clickhouse/diagnose-insert.ts";
import { MillraceError } from "../../core/errors.ts";
import type { SinkBatch } from "./batch.ts";
import { memberRowsOf, whereOf } from "./member-rows.ts";
import type { Piece } from "./pieces.ts";
import { keyOfRows } from "./row-key.ts";
import { rowsCondition } from "./stored-rows.ts";
import { TokenMemory } from "./token-memory.ts";

/** A repeat that comes so soon after its first attempt finds its token, unless the range is another owner's. */
const TRUSTED_MS = 60_000;
/** The server's default for replicated tables, where nobody may read what a table has. */
const UNREAD_WINDOW_MS = 3_600_000;

/**
 * Guards repeats against tokens that the table has forgotten: after an outage of longer than its window the range in flight
 * would be stored once more. Such a repeat stores only the rows that the table does not have, by their coordinates.
 */
export class ForgottenTokens {
  readonly #memory: TokenMemory;
  readonly #allowsDuplicates: boolean;

  constructor(client: ClickHouseClient, allowsDuplicates: boolean) {
    this.#memory = new TokenMemory(client);
    this.#allowsDuplicates = allowsDuplicates;
  }

  /**
   * The condition on the rows of a repeat, and on those of any attempt at a batch that is `absentOnly`; undefined when
   * the token is known, or doubled rows are allowed.
   *
   * @param sinceMs no insert of these rows was sent before, ms since 1970
   * @throws MillraceError E_INCOMPLETE when the token may be forgotten and the table cannot be asked; what the client
   * throws.
   */
  async conditionFor(batch: SinkBatch, piece: Piece, token: string, sinceMs: number): Promise<string | undefined> {
    if (batch.absentOnly !== true && !(await this.#isDoubtful(batch, sinceMs))) return undefined;
    const { table, coordinates } = batch;
    const rows = memberRowsOf(batch, piece);
    if (coordinates !== undefined && batch.mergesRows !== true) {
      const { expression } = keyOfRows(coordinates, rows);
      return `${expression} NOT IN (SELECT ${expression} FROM ${table} WHERE ${rowsCondition(coordinates, rows)})`;
    }
    if (this.#allowsDuplicates) return undefined;
    throw new MillraceError("E_INCOMPLETE", cannotAsk(batch, token, sinceMs, whereOf(rows)));
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

function cannotAsk(
  { table, absentOnly, mergesRows }: SinkBatch,
  token: string,
  sinceMs: number,
  where: string,
): string {
  const doubt =
    absentOnly === true
      ? `nobody knows whether it is stored in ${table}: it was to be inserted together with ranges of other partitions, and ` +
        "their commits do not say any more what became of them"
      : `${table}, or a table behind its views, may have forgotten by now whether it was stored (deduplication window)`;
  const why =
    mergesRows === true
      ? "it merges rows by design, so that one that is not there may have been stored"
      : "its rows do not say which record, of which cluster, they are (kafka_topic, kafka_partition, kafka_offset, kafka_cluster)";
  return (
    `The range ${token} is in flight since ${new Date(sinceMs).toISOString()}, and ${doubt}; the table cannot be asked: ` +
    `${why}. Look whether the rows of ${where} are there. If they are: millrace offsets reset to the offset after them, ` +
    "with --discard-intents; if not, or doubled rows do not matter: start once with --allow-duplicates"
  );
}
