import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { lastRefreshAgeMs, refreshDimensions } from "../operate/dimensions/refresh.ts";
import { instanceName } from "./instance-name.ts";

/** In a demo the first events are stored by then: names for nothing would be the first thing that a panel shows. */
const FIRST_MS = 10_000;

export interface DimensionTimerOptions {
  client: ClickHouseClient;
  log: Logger;
  everyMs: number;
  /** From the start to the first refresh. */
  firstMs?: number;
}

/**
 * Refreshes the dimensions now and then, with the zone, look-back and service map that the last `millrace dims refresh` left.
 * Of several instances one does it: what another has done within the period is not done again. A refresh that fails is
 * logged, and tried again after the period; storing events does not depend on it.
 *
 * @returns how to stop it; resolves when no refresh is under way any more
 */
export function startDimensionTimer({ client, log, everyMs, firstMs = FIRST_MS }: DimensionTimerOptions) {
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  /** @returns how long it is to the next */
  async function refreshUnlessFresh(): Promise<number> {
    const ageMs = await lastRefreshAgeMs(client);
    if (ageMs !== undefined && ageMs < everyMs) return everyMs - ageMs;
    const report = await refreshDimensions({ client, who: instanceName });
    if (report.outcome === "busy") {
      log.info(`the dimensions are not refreshed here: ${report.reason}`);
      return everyMs;
    }
    const { tables, zone, durationMs, dictionaries } = report;
    const rows = Object.fromEntries(tables.map((table) => [table.table, table.rows]));
    const changed = tables.filter((table) => table.changed).map(({ table }) => table);
    log.info({ rows, changed, zone, durationMs }, "dimensions refreshed");
    for (const { name, reason } of dictionaries) log.warn(`the dictionary ${name} cannot be loaded: ${reason}`);
    return everyMs;
  }

  function next(afterMs: number): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      running = refreshUnlessFresh()
        .catch((error) => {
          if (!isStopped)
            log.warn({ err: error }, "the dimensions were not refreshed; the facts are not touched by it");
          return everyMs;
        })
        .then(next);
    }, afterMs);
    timer.unref();
  }

  next(Math.min(firstMs, everyMs));
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
