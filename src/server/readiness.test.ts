import { expect, it } from "vitest";
import { SILENT_MS } from "../run/run-watch.ts";
import { type ReadyFacts, reasonAgainstLife, reasonsAgainst } from "./readiness.ts";

const running = { at: "running" } as const;
const well: ReadyFacts = {
  kafka: { ms: 100, error: undefined },
  clickHouse: { ms: 100, error: undefined },
  standing: { partitions: 3, bundlesUnderWay: 1, bundlesStandingMs: 900, stalled: [], failure: undefined },
  stopped: [],
  nowMs: 100_000,
};

it("is ready when it owns partitions, or the group has none for it, and its servers answer", () => {
  expect(reasonsAgainst(running, well)).toEqual([]);
  expect(reasonsAgainst(running, { ...well, standing: { ...well.standing, partitions: 0 } })).toEqual([]);
});

it("is not ready before it begins, and from the wish to stop on", () => {
  expect(reasonsAgainst({ at: "starting" }, undefined)).toMatchObject([{ code: "starting" }]);
  expect(reasonsAgainst({ at: "ending", reason: "SIGTERM" }, well)).toEqual([
    { code: "stopping", text: "it is being stopped: SIGTERM" },
  ]);
});

it("says which server is away, for how long, and what came instead of an answer", () => {
  const kafka = { ms: SILENT_MS + 3_000, error: "connect ECONNREFUSED" };
  expect(reasonsAgainst(running, { ...well, kafka })).toEqual([
    { code: "kafka_silent", text: "Kafka has not answered for 8 s: connect ECONNREFUSED" },
  ]);
  const clickHouse = { ms: SILENT_MS + 1, error: undefined };
  expect(reasonsAgainst(running, { ...well, clickHouse })).toEqual([
    { code: "clickhouse_silent", text: "ClickHouse has not answered for 5 s" },
  ]);
});

it("tells of everything at once that stands still", () => {
  const stalled = [{ table: "a.rows", sinceMs: 88_000, reason: "Too many parts" }];
  const facts: ReadyFacts = {
    ...well,
    standing: {
      ...{ partitions: undefined, bundlesUnderWay: 2, bundlesStandingMs: 61_000 },
      ...{ stalled, failure: new Error("rights") },
    },
    stopped: [{ pipeline: "orders", table: "a.orders", topics: ["orders"], reason: "no such table" }],
  };
  expect(reasonsAgainst(running, facts)).toEqual([
    { code: "failed", text: "rights" },
    { code: "unassigned", text: "no partitions are assigned yet: the consumer group is being joined" },
    { code: "pipeline_stopped", text: "the pipeline orders is stopped: no such table" },
    { code: "table_stalled", text: "a.rows has taken no rows for 12 s: Too many parts" },
    { code: "nothing_stored", text: "2 bundles under way, and none has ended for 61 s" },
  ]);
});

it("is alive while it fetches, while Kafka is away and for a while after, and before and after the run", () => {
  const long = 3_600_000;
  expect(reasonAgainstLife(running, 100, long)).toBeUndefined();
  expect(reasonAgainstLife(running, long, 10_000)).toBeUndefined();
  expect(reasonAgainstLife({ at: "starting" }, long, long)).toBeUndefined();
  expect(reasonAgainstLife({ at: "ending", reason: "SIGTERM" }, long, long)).toBeUndefined();
  expect(reasonAgainstLife(running, 130_000, long)).toBe(
    "nothing was fetched or asked for in 130 s, and Kafka answers",
  );
});
