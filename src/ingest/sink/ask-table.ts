import { setTimeout as sleep } from "node:timers/promises";
import { classifyInsertError } from "../../clients/clickhouse/diagnose-insert.ts";
import { jitteredPauseMs, type PauseBounds } from "../../core/backoff.ts";
import type { SinkEvents } from "./events.ts";

/** Asks a table until it answers. Undefined: it cannot be asked; most likely the user may not SELECT. */
export type AskTable = <Answer>(table: string, question: () => Promise<Answer>) => Promise<Answer | undefined>;

/** @throws the signal's reason when it aborts */
export function createTableQuestions(bounds: PauseBounds, signal: AbortSignal, events: SinkEvents): AskTable {
  return async (table, question) => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await question();
      } catch (error) {
        const errorClass = classifyInsertError(error);
        if (errorClass === "fatal") return undefined;
        const delayMs = jitteredPauseMs(failures, bounds);
        events.onRetry(table, error, failures, delayMs, errorClass);
        await sleep(delayMs, undefined, { signal });
      }
    }
  };
}
