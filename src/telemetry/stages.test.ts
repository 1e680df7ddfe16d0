import { describe, expect, it } from "vitest";
import { recordBundle } from "./recorder.ts";
import { StageTable, summarise } from "./stages.ts";

describe("recordBundle()", () => {
  it("adds the acknowledgement time to the worker's sparse counts, and keeps skew out of the percentiles", () => {
    const table = new StageTable();
    recordBundle(table, {
      batches: [
        { receivedMs: 1_000, recordCount: 3 },
        { receivedMs: 1_100, recordCount: 1 },
      ],
      latency: [
        {
          group: "auth",
          produce: Float64Array.of(5, 3, -2, 1),
          fetch: Float64Array.of(10, 4),
          eventAge: Float64Array.of(100, 3, 200, 1),
          recordAge: Float64Array.of(90, 4),
        },
      ],
      rowCount: 4,
      startedMs: 1_150,
      endedMs: 1_157,
      insertSentMs: 1_160,
      acknowledgedMs: 1_200,
    });
    const of = (stage: "produce" | "queue" | "process" | "insert" | "pipeline" | "e2e", group = "") =>
      summarise(table.cell(stage, group));
    expect(of("queue")).toMatchObject({ p50: 150, count: 4, max: 150 });
    expect(of("process")).toMatchObject({ p99: 7, count: 4 });
    expect(of("insert")).toMatchObject({ p99: 40, count: 4 });
    expect(of("pipeline")).toMatchObject({ p50: 140, count: 4 });
    expect(of("e2e")).toMatchObject({ p50: 150, max: 250, count: 4 });
    expect(of("e2e", "auth")).toEqual(of("e2e"));
    expect(of("produce")).toMatchObject({ p99: 5, count: 3, skewed: 1 });
  });
});
