import type { Logger } from "pino";
import type { ClickHouseClock } from "../../clients/clickhouse/clock.ts";
import type { Counters } from "../../telemetry/counters.ts";
import type { SinkEvents } from "../sink/sink.ts";

/**
 * Counts and logs what happens to inserts.
 *
 * @param onChange told when a table fails, and when it takes rows again.
 */
export function sinkEvents(counters: Counters, clock: ClickHouseClock, log: Logger, onChange: () => void): SinkEvents {
  /** Tables whose full disk was told of. It is full for hours, and says so to each insert. */
  const withoutDisk = new Set<string>();
  return {
    onStored(table, { rowCount, byteLength, durationMs }) {
      add(counters.inserts, table, 1);
      add(counters.insertRows, table, rowCount);
      add(counters.insertBytes, table, byteLength);
      add(counters.insertSeconds, table, durationMs / 1000);
    },
    onRetry(table, error, attempt, delayMs, errorClass) {
      counters.insertRetries += 1;
      add(counters.insertErrors, errorClass, 1);
      onChange();
      // Said by onSlowDown.
      if (errorClass === "overload") return;
      if (errorClass !== "disk") {
        log.warn(
          { table, attempt, delayMs, errorClass, err: error },
          "insert failed, repeating it under the same token",
        );
        return;
      }
      if (withoutDisk.has(table)) return;
      withoutDisk.add(table);
      const reason = error instanceof Error ? error.message.trim() : String(error);
      log.error({ table, reason }, "ClickHouse cannot write to its disk: inserts wait and are repeated until it can");
    },
    onRecovered(table) {
      onChange();
      if (withoutDisk.delete(table)) log.info({ table }, "ClickHouse can write to its disk again");
    },
    onSlowDown(table, error, delayMs, insertsMax) {
      counters.slowDowns += 1;
      log.warn({ table, delayMs, insertsMax, err: error }, "ClickHouse is overloaded: fewer inserts at once");
    },
    onLate(table, token, deadlineMs) {
      counters.lateInserts += 1;
      clock.doubt();
      log.warn({ table, token, deadlineMs }, "insert came after its deadline and wrote nothing, retrying");
    },
    onAltered(table, changes) {
      log.warn({ table, changes }, "the table was altered; the rows still fit, new columns are filled after a restart");
    },
    onForgotten(table, token) {
      log.warn(
        { table, token },
        "repeating a range whose token may be forgotten: only rows that the table does not have are stored",
      );
    },
    onSplit(table, token, pieceCount) {
      counters.splitInserts += 1;
      log.info({ table, token, parts: pieceCount }, "insert touches too many table partitions, sent in pieces");
    },
  };
}

function add(sums: Record<string, number>, key: string, more: number): void {
  sums[key] = (sums[key] ?? 0) + more;
}
