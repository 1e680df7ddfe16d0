import type { ClickHouseClient } from "@clickhouse/client";
import { type LetterKey, letterTuple, sqlTuples } from "./letter.ts";
import { ask } from "./read-letters.ts";
import { replaysTable } from "./unreplayed.ts";

/** One line of the log of replays about one letter. */
export interface ReplayStepLine {
  replayedMs: number;
  /** `intent` and nothing after it: that replay still runs, or was killed. */
  outcome: string;
  table: string;
  pipeline: string;
  planKey: string;
  token: string;
  errorType: string;
  reason: string;
  who: string;
}

/** What replays did about a letter, the earliest first. */
export async function readHistory(client: ClickHouseClient, key: LetterKey): Promise<ReplayStepLine[]> {
  const rows = await ask<Record<keyof ReplayStepLine, string>>(
    client,
    `SELECT toUnixTimestamp64Milli(replayed_at) AS replayedMs, toString(outcome) AS outcome,
      toString(target_table) AS table, toString(pipeline) AS pipeline, toString(plan_key) AS planKey, token,
      toString(error_type) AS errorType, reason, toString(who) AS who
      FROM ${replaysTable} WHERE ${letterTuple} IN (${sqlTuples([key])})
      ORDER BY replayed_at, sequence, outcome = 'intent' DESC`,
    {},
  );
  return rows.map((row) => ({ ...row, replayedMs: Number(row.replayedMs) }));
}
