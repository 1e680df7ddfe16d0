import { pino } from "pino";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { makePlan } from "../../codec/testing/plan.ts";
import { systemClock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { Failure } from "./failure.ts";
import { StoppedPlans } from "./stopped-plans.ts";

describe("StoppedPlans", () => {
  const [bad, good] = [makePlan({ table: "p.bad" }), makePlan({ table: "p.good" })];
  let failure: Failure;
  let examined: number;
  let mended: number;
  let told: string[];
  let stopped: StoppedPlans;

  beforeEach(() => {
    vi.useFakeTimers();
    failure = new Failure();
    [examined, mended, told] = [0, 0, []];
    stopped = new StoppedPlans({
      plans: [bad, good],
      failure,
      clock: systemClock,
      log: pino({ level: "warn" }, { write: (line: string) => told.push(line) }),
      async examine() {
        examined += 1;
      },
      onChange: (plan) => {
        if (plan !== undefined) mended += 1;
      },
    });
    return () => vi.useRealTimers();
  });

  it("lets one go on when its table takes rows again", async () => {
    stopped.stop(bad, new MillraceError("E_CLICKHOUSE", "no such table"));
    expect(stopped.isStopped(bad)).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([stopped.isStopped(bad), examined, mended, failure.first]).toEqual([false, 1, 1, undefined]);
  });

  it.each(["E_PLAN", "E_INCOMPLETE", "E_KAFKA"] as const)(
    "does not try one again that no state of its table has stopped (%s): each try would begin all others anew",
    async (code) => {
      stopped.stop(bad, new MillraceError(code, "nothing matches"));
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect([stopped.isStopped(bad), examined, mended, failure.first]).toEqual([true, 0, 0, undefined]);
      expect(told.join("")).toContain("start again");
    },
  );

  it("does not say that others go on when the run has failed", () => {
    failure.fail(new Error("refused"));
    stopped.stop(bad, failure.first);
    expect([stopped.list, told]).toEqual([[], []]);
  });

  it("fails the run when all are stopped", () => {
    stopped.stop(bad, new Error("first"));
    stopped.stop(good, new Error("last"));
    expect(failure.first?.message).toBe("last");
  });
});
