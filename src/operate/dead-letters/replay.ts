import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { splitIntoGroups } from "../../ingest/dead-letters/split-into-groups.ts";
import { readNewerSettings } from "../../ingest/sink/insert-settings.ts";
import type { LetterFilter } from "./filter.ts";
import { type LetterKey, letterName } from "./letter.ts";
import { nextOpenLetters, type OpenLetter } from "./read-letters.ts";
import type { ReplayContext, ReplayStep } from "./replay-context.ts";
import { replayFresh } from "./replay-fresh.ts";
import { ReplayLog } from "./replay-log.ts";
import { countSkipped, emptyReport, type ReplayReport } from "./replay-report.ts";
import type { createRoutes } from "./replay-routes.ts";
import { takeOver } from "./take-over.ts";

export interface ReplayOptions {
  client: ClickHouseClient;
  filter: LetterFilter;
  routeOf: ReturnType<typeof createRoutes>;
  /** For the log of replays. */
  who: string;
  /** Writes nothing, says what would happen. */
  dryRun: boolean;
  /** Takes letters again that were rejected `REJECTIONS_MAX` times. */
  force: boolean;
  /** Letters to look at, at most. */
  limit: number;
  ratePerSecond: number;
  /** Ends the replay after the batch at hand. */
  signal: AbortSignal;
  onProgress?: (report: ReplayReport) => void;
  onStep?: (step: ReplayStep) => void;
}

/** A letter that was rejected so often is not tried again: the loop guard. */
const REJECTIONS_MAX = 3;

const PAGE_LETTERS = 20_000;
/** One insert: each takes an entry of the target's deduplication window, so single rows would crowd out the pipeline's. */
const BATCH_LETTERS_MAX = 1_000;
const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Stores dead letters again that are rows under the present plan, under the coordinates that their records have.
 *
 * A batch is announced in the log of replays, inserted under the announced token, and gets its outcomes. Killed
 * anywhere, the next replay of any of its letters sends the same rows under the same token: what was stored is ignored
 * by deduplication. Two replays at once: an announcement has one owner (src/operate/dead-letters/replay-log.ts), and whoever
 * meets an open batch finishes it in the same way, whether its owner lives or not.
 *
 * @throws MillraceError when ClickHouse cannot be asked or cannot store, or a target cannot promise that no row is
 * doubled. What was stored until then has its outcome in the log.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<ReplayReport> {
  const { client, filter, signal } = options;
  const report = emptyReport(options.dryRun);
  const context: ReplayContext = {
    ...options,
    report,
    log: new ReplayLog(client, options.who),
    newerSettings: await readNewerSettings(client),
    step: options.onStep ?? (() => {}),
  };
  const startedMs = performance.now();
  let after: OpenLetter | undefined;
  let seen = 0;
  for (;;) {
    const page = await nextOpenLetters(client, filter, after, Math.min(PAGE_LETTERS, options.limit - seen));
    for (const keys of cutBatches(page, Math.min(BATCH_LETTERS_MAX, options.ratePerSecond))) {
      if (signal.aborted) return { ...report, stopped: true };
      await replayBatch(context, keys);
      seen += keys.length;
      options.onProgress?.(report);
      const dueMs = startedMs + (seen / options.ratePerSecond) * 1000;
      if (!options.dryRun) await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal }).catch(() => {});
    }
    after = page.at(-1);
    if (after === undefined || seen >= options.limit) return report;
  }
}

/** Cuts letters into batches of so many letters, and of so many bytes unless a single one is longer. */
export function cutBatches(letters: readonly OpenLetter[], lettersMax: number): Generator<OpenLetter[]> {
  return splitIntoGroups(letters, ({ rawBytes }) => rawBytes, { items: lettersMax, bytes: BATCH_BYTES_MAX });
}

async function replayBatch(context: ReplayContext, keys: readonly LetterKey[]): Promise<void> {
  const states = await context.log.states(keys);
  const open = new Set<number>();
  const fresh: LetterKey[] = [];
  for (const key of keys) {
    const state = states.get(letterName(key));
    if (state?.stored === true) continue; // since the page was read
    if (state?.openSequence !== undefined && !context.dryRun) open.add(state.openSequence);
    else if (!context.force && state !== undefined && state.rejections >= REJECTIONS_MAX) {
      const message = `rejected ${state.rejections} times by replays; millrace dlq show has the reasons, --force tries again`;
      countSkipped(context.report, key, "rejected_before", message);
    } else fresh.push(key);
  }
  for (const sequence of open) {
    const released = await takeOver(context, await context.log.read(sequence));
    fresh.push(...released);
  }
  await replayFresh(context, fresh);
}
