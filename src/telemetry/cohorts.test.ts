import { expect, it } from "vitest";
import type { LatencyGroup } from "../codec/task.ts";
import { Cohorts } from "./cohorts.ts";
import type { AcknowledgedBundle } from "./recorder.ts";

/** Begin of a minute and of an hour. */
const hourMs = Date.UTC(2026, 4, 6, 7);

/** A bundle whose worker began at `startedMs`, stored 200 ms later. */
function bundle(startedMs: number, group: string, eventAges: number[], recordAges: number[]): AcknowledgedBundle {
  const empty = new Float64Array(0);
  const latency: LatencyGroup = {
    ...{ group, produce: empty, fetch: empty },
    ...{ eventAge: Float64Array.from(eventAges), recordAge: Float64Array.from(recordAges) },
  };
  const times = { startedMs, endedMs: startedMs + 50, insertSentMs: startedMs + 50, acknowledgedMs: startedMs + 200 };
  return { batches: [], latency: [latency], rowCount: 1, ...times };
}

const cohortsOf = (...bundles: AcknowledgedBundle[]) => {
  const cohorts = new Cohorts();
  for (const each of bundles) cohorts.record(each);
  return [...cohorts.all];
};

it("counts records in the minute of their time, by both clocks, and how soon they were stored", () => {
  const startedMs = hourMs + 61_000;
  expect(cohortsOf(bundle(startedMs, "auth", [1_000, 2, 1_001, 3], [500, 5]))).toEqual([
    {
      ...{
        clock: "event",
        service: "auth",
        bucketMs: hourMs + 60_000,
        stored: 2,
        stored10s: 2,
        stored1m: 2,
        stored5m: 2,
      },
      newestMs: hourMs + 60_000,
    },
    {
      ...{ clock: "event", service: "auth", bucketMs: hourMs, stored: 3, stored10s: 3, stored1m: 3, stored5m: 3 },
      newestMs: hourMs + 59_999,
    },
    {
      ...{
        clock: "kafka",
        service: "auth",
        bucketMs: hourMs + 60_000,
        stored: 5,
        stored10s: 5,
        stored1m: 5,
        stored5m: 5,
      },
      newestMs: startedMs - 500,
    },
  ]);
});

it("takes the time of the acknowledgement for how soon", () => {
  const ages = [9_800, 1, 9_801, 10, 59_800, 100, 59_801, 1_000, 299_800, 10_000, 299_801, 100_000];
  const all = cohortsOf(bundle(hourMs + 600_000, "", ages, []));
  const sum = (of: (cohort: (typeof all)[number]) => number) => all.reduce((total, cohort) => total + of(cohort), 0);
  expect([sum((c) => c.stored10s), sum((c) => c.stored1m), sum((c) => c.stored5m), sum((c) => c.stored)]).toEqual([
    ...[1, 111, 11_111, 111_111],
  ]);
});

it("adds bundles to the same cohort, counts what is over a day old by its hour, and forgets what is over a week old", () => {
  const dayMs = 86_400_000;
  const minutes = [dayMs + 600_000, 1, dayMs + 1_200_000, 1, 7 * dayMs, 1, 0, 1];
  const twice = [bundle(hourMs + 3_000_000, "", [], minutes), bundle(hourMs + 3_000_000, "", [], minutes)];
  expect(cohortsOf(...twice).map(({ bucketMs, stored }) => [bucketMs - hourMs, stored])).toEqual([
    [-dayMs, 4],
    [3_000_000, 2],
  ]);
});

it("takes an event ahead of the clock for one of its own minute, no newer than its storing", () => {
  const [ahead] = cohortsOf(bundle(hourMs, "", [-600_000, 1], []));
  expect(ahead).toMatchObject({ bucketMs: hourMs + 600_000, stored: 1, stored10s: 1, newestMs: hourMs + 200 });
});
