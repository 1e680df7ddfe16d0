import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { classifyInsertError, remedyFor } from "../../clients/clickhouse/diagnose-insert.ts";
import { pauseMs } from "../../core/backoff.ts";
import { MillraceError } from "../../core/errors.ts";
import { keyNames, keySelection, type LetterKey, letterName, letterTuple, readKey, sqlTuples } from "./letter.ts";
import { ask } from "./read-letters.ts";
import { replaysTable } from "./unreplayed.ts";

/** How a letter's part in a batch ended (sql/migrations/0009). */
export type ReplayOutcome = "stored" | "rejected" | "already_there" | "released";

/** What earlier replays did about a letter. */
export interface LetterState {
  stored: boolean;
  rejections: number;
  /** The batch that announced the letter and has not said how it ended: its replay still runs, or was killed. */
  openSequence: number | undefined;
}

/** A batch of letters, announced. */
export interface Batch {
  sequence: number;
  /** Deduplication token of its insert. */
  token: string;
  pipeline: string;
  planKey: string;
  table: string;
  /** By the server's clock, ms since 1970. */
  announcedMs: number;
}

/** An announced batch with its letters, as somebody else finds it. */
export interface OpenBatch extends Batch {
  keys: LetterKey[];
  who: string;
  /** How long ago it was announced. */
  ageMs: number;
}

/** One line about one letter. */
export interface ReplayNote {
  key: LetterKey;
  outcome: ReplayOutcome;
  errorType?: string;
  reason?: string;
}

export type Destination = Pick<Batch, "pipeline" | "planKey" | "table">;

/** Announced by somebody else: the letters as they are then have to be looked at again. */
export interface Busy {
  busy: LetterKey[];
}

/** An announcement is visible as soon as it is acknowledged; this long is waited for one that is not. */
const VISIBLE_MS_MAX = 5_000;
const VISIBLE_POLL_MS = 50;
const WRITE_ATTEMPTS_MAX = 6;
const WRITE_PAUSES = { firstMs: 400, maxMs: 6_400 };
/** A reason may quote a document. */
const REASON_CHARACTERS_MAX = 1_000;

/**
 * The log of replays. Announcements have one order, because number N is written under a token made of N alone: the
 * deduplication window lets one writer have it. A writer that got N had seen everything up to N − 1, so no letter is in
 * two batches without an outcome.
 */
export class ReplayLog {
  readonly #client: ClickHouseClient;
  readonly #who: string;
  readonly #runId = randomUUID();
  #notes = 0;

  constructor(client: ClickHouseClient, who: string) {
    this.#client = client;
    this.#who = who;
  }

  /** By `letterName`; a letter that is not in the map was never replayed. */
  async states(keys: readonly LetterKey[]): Promise<Map<string, LetterState>> {
    if (keys.length === 0) return new Map();
    const rows = await ask<Record<keyof LetterKey | "stored" | "rejections" | "announced" | "ended", string>>(
      this.#client,
      `SELECT ${keySelection},
        countIf(outcome = 'stored') AS stored, countIf(outcome = 'rejected') AS rejections,
        maxIf(sequence, outcome = 'intent') AS announced, maxIf(sequence, outcome != 'intent') AS ended
        FROM ${replaysTable} WHERE ${letterTuple} IN (${sqlTuples(keys)})
        GROUP BY ${keyNames}`,
      {},
    );
    return new Map(
      rows.map((row) => {
        const [announced, ended] = [Number(row.announced), Number(row.ended)];
        const openSequence = announced > ended ? announced : undefined;
        return [
          letterName(readKey(row)),
          { stored: Number(row.stored) > 0, rejections: Number(row.rejections), openSequence },
        ] as const;
      }),
    );
  }

  /**
   * Announces a batch, before its insert is sent. Returns the letters that another replay stored or announced meanwhile,
   * if there are any: then nothing was announced.
   */
  async announce(keys: readonly LetterKey[], destination: Destination): Promise<Batch | Busy> {
    let burnt = 0;
    for (;;) {
      // First the number, then the letters: what the second query does not see has a higher number than the first.
      const sequence = Math.max(await this.#lastSequence(), burnt) + 1;
      const states = await this.states(keys);
      const busy = keys.filter((key) => {
        const state = states.get(letterName(key));
        return state?.stored === true || state?.openSequence !== undefined;
      });
      if (busy.length > 0) return { busy };
      const { topic, partition, offset } = keys[0]!;
      const token = `replay:${sequence}:${topic}:${partition}:${offset}+${keys.length}`;
      const common = { sequence, outcome: "intent", token, ...this.#columns(destination) };
      await this.#write(keys, () => common, `millrace-replay:${sequence}`);
      const owner = await this.#ownerOf(sequence);
      if (owner?.runId === this.#runId) return { sequence, token, ...destination, announcedMs: owner.announcedMs };
      // A server that died between remembering the token and showing the rows has used the number up.
      if (owner === undefined) burnt = sequence;
    }
  }

  /** The batch of that number with its letters. */
  async read(sequence: number): Promise<OpenBatch> {
    const rows = await ask<Record<Exclude<keyof OpenBatch, "keys"> | keyof LetterKey | "nowMs", string>>(
      this.#client,
      `SELECT ${keySelection}, token, toString(target_table) AS table, toString(plan_key) AS planKey,
        toString(who) AS who, toUnixTimestamp64Milli(replayed_at) AS announcedMs,
        toUnixTimestamp64Milli(now64(3)) AS nowMs
        FROM ${replaysTable} WHERE sequence = ${sequence} AND outcome = 'intent'
        ORDER BY ${keyNames}`,
      {},
    );
    const [first] = rows;
    if (first === undefined) {
      throw new MillraceError("E_INCOMPLETE", `Batch ${sequence} of ${replaysTable} was deleted while it was replayed`);
    }
    const announcedMs = Number(first.announcedMs);
    const { token, table, pipeline, planKey, who } = first;
    const keys = rows.map(readKey);
    return {
      sequence,
      token,
      table,
      pipeline,
      planKey,
      who,
      announcedMs,
      keys,
      ageMs: Number(first.nowMs) - announcedMs,
    };
  }

  /** Writes how letters ended; `batch` undefined for those that no insert was sent for. */
  async note(notes: readonly ReplayNote[], destination: Destination, batch: Batch | undefined): Promise<void> {
    if (notes.length === 0) return;
    this.#notes += 1;
    const common = { sequence: batch?.sequence ?? 0, token: batch?.token ?? "", ...this.#columns(destination) };
    await this.#write(
      notes.map(({ key }) => key),
      (index) => {
        const { outcome, errorType = "", reason = "" } = notes[index]!;
        return { ...common, outcome, error_type: errorType, reason: reason.slice(0, REASON_CHARACTERS_MAX) };
      },
      `millrace-replay-note:${this.#runId}:${this.#notes}`,
    );
  }

  #columns({ planKey, table }: Destination) {
    return { plan_key: planKey, target_table: table, who: this.#who, run_id: this.#runId };
  }

  async #lastSequence(): Promise<number> {
    const [row] = await ask<{ last: string }>(this.#client, `SELECT max(sequence) AS last FROM ${replaysTable}`, {});
    return Number(row?.last ?? 0);
  }

  async #ownerOf(sequence: number): Promise<{ runId: string; announcedMs: number } | undefined> {
    const deadline = performance.now() + VISIBLE_MS_MAX;
    for (;;) {
      const [row] = await ask<{ runId: string; announcedMs: string }>(
        this.#client,
        `SELECT toString(run_id) AS runId, toUnixTimestamp64Milli(replayed_at) AS announcedMs
          FROM ${replaysTable} WHERE sequence = ${sequence} AND outcome = 'intent' LIMIT 1`,
        {},
      );
      if (row !== undefined) return { runId: row.runId, announcedMs: Number(row.announcedMs) };
      if (performance.now() > deadline) return undefined;
      await sleep(VISIBLE_POLL_MS);
    }
  }

  /** One insert of one block under `token`, repeated when its outcome is unknown. */
  async #write(
    keys: readonly LetterKey[],
    columnsOf: (index: number) => Record<string, unknown>,
    token: string,
  ): Promise<void> {
    const values = keys.map(({ topic, partition, offset, pipeline, cluster, group }, index) => ({
      topic,
      kafka_partition: partition,
      kafka_offset: offset,
      pipeline,
      kafka_cluster: cluster,
      kafka_group: group,
      ...columnsOf(index),
    }));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.insert({
          table: replaysTable,
          columns: Object.keys(values[0]!) as [string, ...string[]],
          values,
          format: "JSONEachRow",
          clickhouse_settings: {
            insert_deduplicate: 1,
            insert_deduplication_token: token,
            async_insert: 0,
            wait_end_of_query: 1,
          },
        });
        return;
      } catch (cause) {
        const isPassing = ["retry", "overload", "disk", "doubtful"].includes(classifyInsertError(cause));
        if (!isPassing || attempt === WRITE_ATTEMPTS_MAX) {
          const reason = cause instanceof Error ? cause.message.trim() : String(cause);
          throw new MillraceError("E_CLICKHOUSE", `Cannot write ${replaysTable}: ${reason} (${remedyFor(cause)})`, {
            cause,
          });
        }
        await sleep(pauseMs(attempt, WRITE_PAUSES));
      }
    }
  }
}
