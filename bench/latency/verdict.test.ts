import { describe, expect, it } from "vitest";
import { stages } from "../../src/telemetry/stages.ts";
import { climb, type StepResult } from "./ladder.ts";
import { judge, type StepFigures } from "./verdict.ts";

const quiet = { p50: 100, p90: 200, p95: 300, p99: 400, max: 500, count: 1_000, skewed: 0 };
const ms = { p50: 1, p99: 5, max: 9 };

function figures(change: Partial<StepFigures> = {}): StepFigures {
  return {
    vcpus: 2,
    generatorOutside: false,
    eventsPerSecond: 1_000,
    replay: {
      scheduled: 1_000,
      acknowledged: 1_000,
      durationMs: 10_000,
      lateMs: ms,
      acknowledgeMs: ms,
      cpuSeconds: 1,
      failure: undefined,
    },
    wallMs: 10_000,
    drainMs: 500,
    lag: 0,
    cpuSeconds: { generator: 1, broker: 1, clickhouse: 5, ingester: 4 },
    rssMiBMax: { broker: 100, clickhouse: 500, ingester: 200 },
    latencyMs: Object.fromEntries(stages.map((stage) => [stage, quiet])) as StepFigures["latencyMs"],
    ...change,
  };
}

describe("judge()", () => {
  it("says that a rate holds, and what has the least room", () => {
    expect(judge(figures(), 5_000)).toEqual({
      holds: true,
      reasons: [],
      limiting: "none (all 1.10 of 2; most: clickhouse 0.50 of a core)",
    });
  });

  it.each<[string, Partial<StepFigures>, RegExp, RegExp]>([
    ["records are left behind", { lag: 70_000, drainMs: 15_000 }, /70000 records behind 15 s/, /ingester waits/],
    ["catching up takes too long", { drainMs: 6_000 }, /lag grew: 6000 ms/, /ingester waits in/],
    [
      "the p95 is above the limit",
      { latencyMs: { ...figures().latencyMs, e2e: { ...quiet, p95: 5_001 }, insert: { ...quiet, p95: 4_000 } } },
      /e2e p95 5001 ms/,
      /ingester waits in insert/,
    ],
    [
      "the cores are used up",
      { drainMs: 6_000, cpuSeconds: { generator: 1, broker: 2, clickhouse: 9, ingester: 7 } },
      /lag grew/,
      /CPU: clickhouse 0.90 of a core, all 1.90 of 2/,
    ],
    [
      "the generator cannot send at the rate",
      {
        replay: { ...figures().replay, lateMs: { p50: 10, p99: 900, max: 2_000 } },
        cpuSeconds: { generator: 9.5, broker: 1, clickhouse: 1, ingester: 1 },
      },
      /generator late: p99 900 ms/,
      /generator 0.95 of a core/,
    ],
    [
      "the broker refused",
      { replay: { ...figures().replay, failure: "the broker says no" } },
      /generator stopped: the broker says no/,
      /ingester waits/,
    ],
  ])("does not hold when %s", (_name, change, reason, limiting) => {
    const verdict = judge(figures(change), 5_000);
    expect(verdict.holds).toBe(false);
    expect(verdict.reasons.join("; ")).toMatch(reason);
    expect(verdict.limiting).toMatch(limiting);
  });
});

describe("climb()", () => {
  it("tries the next profile where a rate does not hold, keeps it, and ends where the last one does not", async () => {
    const most = { low: 0, mid: 10, high: 40 };
    const steps: string[] = [];
    await climb([50, 5, 20, 10, 100], ["mid", "high"], async (rate, profile) => {
      steps.push(`${profile} ${rate}`);
      return { ...figures(), holds: rate <= most[profile], reasons: [], limiting: "", profile } satisfies StepResult;
    });
    expect(steps).toEqual(["mid 5", "mid 10", "mid 20", "high 20", "high 50"]);
  });
});
