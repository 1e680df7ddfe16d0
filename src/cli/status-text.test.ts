import { describe, expect, it } from "vitest";
import { takeEvents } from "../clients/ingester/read-events.ts";
import type { ConsoleState } from "../server/console/console-state.ts";
import { isReady, statusJson, statusLine, statusLines } from "./status-text.ts";

const quantiles = { p50: 100, p95: 1_250, p99: 2_000 };

const state = {
  ...{ atMs: Date.UTC(2026, 0, 1, 12, 0, 5), version: "1.2.3" },
  health: { state: "healthy", title: "Healthy", reasons: ["Records are stored in time."] },
  run: {
    ...{ startedAtMs: Date.UTC(2026, 0, 1, 10, 58, 0), guarantee: "exactly-once", group: "millrace.events" },
    profile: { name: "mid", vcpus: 2, workers: 2, insertsMax: 2, insertFormat: "rowbinary" },
    ...{ topics: ["a"], tables: ["b.c"], produced: null, partitionCount: 2, heatBoundsMs: [1, 2] },
    limit: { sentence: "ClickHouse's inserts: 71 % of the time", busy: [] },
    figures: {
      'millrace_dead_letters_total{reason="field_range"}': 2,
      'millrace_dead_letters_total{reason="json_parse_failed"}': 1_200,
      millrace_byte_budget_used_bytes: 1_536,
      millrace_byte_budget_limit_bytes: 201_326_592,
      'millrace_insert_errors_total{table="b.c",kind="x"}': 3,
      millrace_stored_rows_total: 1_234_567,
      millrace_reconciliation_age_seconds: 61,
      millrace_reconciliation_missing_records: 0,
    },
    stages: [
      { stage: "insert", count: 9, now: null, window: quantiles },
      { stage: "e2e", count: 9, now: quantiles, window: quantiles },
    ],
    partitions: [
      { topic: "a", partition: "1", lag: 4_000, oldestSeconds: 2 },
      { topic: "a", partition: "0", lag: 3, oldestSeconds: 0.1 },
    ],
    point: {
      values: {
        ...{ storedPerSecond: 5_000, producedPerSecond: null, lagRecords: 4_003, oldestSeconds: 2.04 },
        ...{ insertsPerSecond: 4, insertRowsPerSecond: 5_000 },
      },
    },
  },
} as unknown as ConsoleState;

const withHealth = (health: object) => ({ ...state, health }) as unknown as ConsoleState;

describe("millrace status", () => {
  const text = statusLines(state, "http://x:1").join("\n");

  it.each([
    [/^HEALTHY {3}Records are stored in time\.$/m],
    [/^at {7}http:\/\/x:1, Millrace 1\.2\.3\nup {7}1 h 2 min; group millrace\.events$/m],
    [/^profile {2}mid, 2 vCPUs, rowbinary; guarantee exactly-once$/m],
    [/^rate {5}stored 5,000\/s$/m],
    [/^lag {6}4003 records, the oldest 2 s old in 2 partitions; nearly all of it in a:1$/m],
    [/^limit {4}ClickHouse's inserts: 71 % of the time$/m],
    [/^inserts {2}4\/s of 1,250 rows; 3 refused, 0 repeated since the start$/m],
    [/^budget {3}1\.5 KiB of 192 MiB in flight$/m],
    [/^dead {5}1202 letters since the start: json_parse_failed 1,200, field_range 2 \(millrace dlq list\)$/m],
    [/^stored {3}1,234,567 rows since the start; compared with Kafka 1 min 1 s ago: 0 missing, 0 doubled$/m],
    [/^insert +- +1,250$/m],
    [/^e2e +1,250 +1,250$/m],
  ])("says %s", (line) => {
    expect(text).toMatch(line);
  });

  it("says every reason, and that it is not ready, before there is a run, too", () => {
    const standing = withHealth({
      state: "standing",
      title: "Standing still",
      reasons: ["Kafka is silent.", "And more."],
    });
    expect(statusLines(standing, "u").slice(0, 2)).toEqual(["STANDING STILL   Kafka is silent.", "  And more."]);
    const ready = ["healthy", "late", "standing", "starting", "stopping"].map((at) =>
      isReady(withHealth({ state: at })),
    );
    expect(ready).toEqual([true, true, false, false, false]);
    const starting = { ...withHealth({ state: "starting", title: "Starting", reasons: [] }), run: null };
    expect(statusLines(starting, "u")).toEqual(["STARTING", "", "at       u, Millrace 1.2.3"]);
    expect(statusLine(starting)).toBe("12:00:05  Starting");
  });

  it("fits into one line for a log, and into JSON without charts", () => {
    expect(statusLine(state)).toBe(
      "12:00:05  Healthy  stored 5,000/s  lag 4003 records, the oldest 2 s old  e2e p95 1,250 ms",
    );
    const json = statusJson(state, "u") as { run: object };
    expect(json).toMatchObject({ url: "u", ready: true, run: { now: { storedPerSecond: 5_000 } } });
    expect(Object.keys(json.run)).not.toContain("heatBoundsMs");
  });
});

it("takeEvents() reads whole events and keeps what has not come yet", () => {
  const { events, left } = takeEvents(
    'event: state\ndata: {"version":"1"}\n\n: a comment\n\nevent: state\ndata: {"vers',
  );
  expect(events).toEqual([{ version: "1" }]);
  expect(takeEvents(`${left}ion":"2"}\n\n`)).toEqual({ events: [{ version: "2" }], left: "" });
});
