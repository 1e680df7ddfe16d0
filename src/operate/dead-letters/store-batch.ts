import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { classifyInsertError, refusalType, remedyFor } from "../../clients/clickhouse/diagnose-insert.ts";
import { pauseMs } from "../../core/backoff.ts";
import { MillraceError } from "../../core/errors.ts";
import { insertOnce } from "../../ingest/sink/insert.ts";
import { checkFit, readShape } from "../../ingest/sink/table-shape.ts";
import { type Letter, letterName } from "./letter.ts";
import type { Batch } from "./replay-log.ts";
import type { Route } from "./replay-routes.ts";
import type { Place } from "./replay-target.ts";

/** A letter that is a row now. */
export interface ReadyLetter {
  letter: Letter;
  row: Uint8Array;
}

/** An insert of a replay begins within this time, or not at all: a process that was stopped must not wake up with it. */
export const BEGIN_MS_MAX = 60_000;
const ATTEMPTS_MAX = 6;
const PAUSES = { firstMs: 500, maxMs: 8_000 };

/** What became of a batch's insert: the places that the target holds now, or the server's refusal of the data. */
export type BatchOutcome = { held: Set<string> } | { refused: { errorType: string; message: string } };

/**
 * Sends the rows of an announced batch under its token, and looks what the target then holds. Without coordinates in
 * the table the acknowledgement is believed.
 *
 * @throws MillraceError E_CLICKHOUSE when the server cannot be made to take it; the batch then stays announced, and the
 * next replay of its letters goes on with it.
 */
export async function storeBatch(
  client: ClickHouseClient,
  newerSettings: ClickHouseSettings,
  route: Route,
  batch: Batch,
  ready: readonly ReadyLetter[],
  beginBeforeMs: number,
): Promise<BatchOutcome> {
  const { plan } = route;
  const body = {
    table: plan.table,
    columns: plan.columns,
    format: plan.format,
    bytes: Buffer.concat(ready.map(({ row }) => row)),
    rowCount: ready.length,
  };
  const terms = {
    token: batch.token,
    deadlineMs: beginBeforeMs,
    share: undefined,
    isLoud: false,
    partitionsMax: undefined,
    newerSettings,
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const shape = await readShape(client, plan.table);
      checkFit(plan.table, shape, plan.columns);
      const written = await insertOnce(client, body, { ...terms, shape });
      // Nothing written: the insert began too late and its token is unused.
      return { held: written === 0 ? new Set() : await heldOf(route, ready) };
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      const errorClass = classifyInsertError(error);
      const message = error instanceof Error ? error.message.trim() : String(error);
      if (errorClass === "data") return { refused: { errorType: refusalType(error), message } };
      const isPassing = ["retry", "overload", "disk", "doubtful"].includes(errorClass);
      if (!isPassing || attempt === ATTEMPTS_MAX) throw hopeless(plan.table, batch, message, remedyFor(error));
      await sleep(pauseMs(attempt, PAUSES));
    }
  }
}

async function heldOf({ target }: Route, ready: readonly ReadyLetter[]): Promise<Set<string>> {
  const places: Place[] = ready.map(({ letter }) => letter);
  return target.held === undefined ? new Set(places.map(letterName)) : target.held(places);
}

function hopeless(table: string, { sequence }: Batch, message: string, remedy: string): MillraceError {
  return new MillraceError(
    "E_CLICKHOUSE",
    `Cannot insert replayed letters into ${table}: ${message} — ${remedy}. ` +
      `Run the same replay again afterwards: it goes on with batch ${sequence}, under the same token.`,
  );
}
