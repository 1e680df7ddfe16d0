import type { Logger } from "pino";
import { expect, it } from "vitest";
import type { ClickHouseClock } from "../../clients/clickhouse/clock.ts";
import { createCounters } from "../../telemetry/counters.ts";
import { sinkEvents } from "./sink-events.ts";

it("a full disk is told of when it fills and when it does not any more, in words and without a stack", () => {
  const lines: unknown[] = [];
  const write = (...line: unknown[]) => lines.push(line);
  const log = { info: write, warn: write, error: write } as unknown as Logger;
  const counters = createCounters();
  let changes = 0;
  const events = sinkEvents(counters, {} as ClickHouseClock, log, () => (changes += 1));
  const full = new Error("Cannot reserve 1.00 MiB, not enough space. ");
  for (let attempt = 1; attempt <= 5; attempt += 1) events.onRetry("d.t", full, attempt, 100, "disk");
  events.onRetry("d.other", full, 1, 100, "disk");
  events.onRecovered?.("d.t");
  events.onRetry("d.t", full, 1, 100, "disk");
  const text = "ClickHouse cannot write to its disk: inserts wait and are repeated until it can";
  const reason = full.message.trim();
  expect(lines).toEqual([
    [{ table: "d.t", reason }, text],
    [{ table: "d.other", reason }, text],
    [{ table: "d.t" }, "ClickHouse can write to its disk again"],
    [{ table: "d.t", reason }, text],
  ]);
  expect([counters.insertRetries, counters.slowDowns, changes]).toEqual([7, 0, 8]);
});

it("counts what each table was sent, and errors by what they mean", () => {
  const log = { info() {}, warn() {}, error() {} } as unknown as Logger;
  const counters = createCounters();
  const events = sinkEvents(counters, {} as ClickHouseClock, log, () => {});
  events.onStored?.("d.t", { rowCount: 3, byteLength: 100, durationMs: 500 });
  events.onStored?.("d.t", { rowCount: 4, byteLength: 50, durationMs: 250 });
  events.onStored?.("d.other", { rowCount: 1, byteLength: 10, durationMs: 20 });
  for (const errorClass of ["retry", "overload", "retry"] as const) {
    events.onRetry("d.t", new Error("again"), 1, 10, errorClass);
  }
  expect(counters).toMatchObject({
    ...{ inserts: { "d.t": 2, "d.other": 1 }, insertRows: { "d.t": 7, "d.other": 1 } },
    ...{ insertBytes: { "d.t": 150, "d.other": 10 }, insertSeconds: { "d.t": 0.75, "d.other": 0.02 } },
    ...{ insertErrors: { retry: 2, overload: 1 }, insertRetries: 3 },
  });
});
