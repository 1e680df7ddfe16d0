import { expect, it } from "vitest";
import { healthOf } from "./health.ts";

const running = {
  phase: { at: "running" },
  reasons: [],
  pipelines: 2,
  oldestSeconds: 0.4,
  pipelineP95Ms: 312,
} as const;

it("is healthy while records are stored in time, and says how fast", () => {
  expect(healthOf(running)).toEqual({
    ...{ state: "healthy", title: "Healthy" },
    reasons: ["Records are stored 312 ms after they come into Kafka (95 of 100, at most)."],
  });
  const quiet = healthOf({ ...running, oldestSeconds: 0, pipelineP95Ms: undefined });
  expect(quiet).toMatchObject({ state: "healthy", reasons: [expect.stringContaining("All records that came")] });
});

it("is late when a record waits for more than ten seconds, or took so long", () => {
  expect(healthOf({ ...running, oldestSeconds: 34.6 })).toMatchObject({
    ...{ state: "late", title: "Late" },
    reasons: ["The oldest record that is not stored has waited 35 s in Kafka."],
  });
  expect(healthOf({ ...running, pipelineP95Ms: 20_400 })).toMatchObject({
    ...{ state: "late", reasons: ["Records take 20 s from Kafka to ClickHouse (95 of 100 at most)."] },
  });
  expect(healthOf({ ...running, oldestSeconds: undefined }).state).toBe("healthy");
});

it("stands still for the reasons of /readyz, whatever else holds", () => {
  const silent = { code: "clickhouse_silent", text: "ClickHouse has not answered for 12 s: connect refused" } as const;
  expect(healthOf({ ...running, reasons: [silent], oldestSeconds: 99 })).toEqual({
    ...{ state: "standing", title: "Standing still" },
    reasons: ["ClickHouse has not answered for 12 s: connect refused."],
  });
  const stopped = { code: "pipeline_stopped", text: "the pipeline dns is stopped: no such table" } as const;
  expect(healthOf({ ...running, reasons: [stopped] }).title).toBe("Standing still in part");
  expect(healthOf({ ...running, reasons: [stopped], pipelines: 1 }).title).toBe("Standing still");
  const stalled = { code: "table_stalled", text: "net.dns has taken no rows for 3 s: no space" } as const;
  expect(healthOf({ ...running, reasons: [stalled] }).reasons).toEqual([
    "net.dns has taken no rows for 3 s: no space.",
  ]);
  expect(healthOf({ ...running, reasons: [stopped, silent] }).title).toBe("Standing still");
});

it("says that it begins and that it ends", () => {
  expect(healthOf({ ...running, phase: { at: "starting" } }).state).toBe("starting");
  const unassigned = { code: "unassigned", text: "no partitions are assigned yet" } as const;
  expect(healthOf({ ...running, reasons: [unassigned] })).toMatchObject({
    state: "starting",
    title: "Joining the group",
  });
  const reason = { code: "stopping", text: "it is being stopped: SIGTERM" } as const;
  expect(healthOf({ ...running, phase: { at: "ending", reason: "SIGTERM" }, reasons: [reason] })).toEqual({
    ...{ state: "stopping", title: "Stopping", reasons: ["It is being stopped: SIGTERM."] },
  });
});
