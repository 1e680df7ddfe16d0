import { describe, expect, it } from "vitest";
import { checks, controls, runCheck, soundCheck } from "./checks.ts";
import type { SimulationResult } from "./simulate.ts";

const TIMEOUT_MS = 120_000;
const faultNames = [
  "kill",
  "stop",
  "killAtStep",
  "stopAtStep",
  "leave",
  "join",
  "leaderMove",
  "outage",
  "expiry",
  "deletion",
];

describe("the delivery protocol, simulated", () => {
  for (const check of checks) {
    it(
      check.says,
      async () => {
        const { results, wrong } = await runCheck(check);
        expect(wrong).toEqual([]);
        if (check === soundCheck) expectFaultsIn(results);
      },
      TIMEOUT_MS,
    );
  }

  for (const control of controls) {
    it(
      control.says,
      async () => {
        expect((await runCheck(control)).isAsExpected).toBe(true);
      },
      TIMEOUT_MS,
    );
  }
});

/** What the schedules are for has happened in them. */
function expectFaultsIn(results: SimulationResult[]): void {
  const sum = (count: (result: SimulationResult) => number) => results.reduce((total, one) => total + count(one), 0);
  expect(sum(({ repeated }) => repeated)).toBeGreaterThan(100);
  expect(sum(({ staleBundles }) => staleBundles)).toBeGreaterThan(100);
  for (const kind of ["repeat", "stored", "unknown"] as const) {
    expect(sum(({ recovered }) => recovered[kind])).toBeGreaterThan(20);
  }
  expect(sum(({ late }) => late)).toBeGreaterThan(10);
  expect(sum(({ lookUps }) => lookUps)).toBeGreaterThan(100);
  expect(sum(({ lateCommits }) => lateCommits)).toBeGreaterThan(50);
  for (const fault of faultNames) expect(sum(({ faults }) => faults[fault] ?? 0)).toBeGreaterThan(50);
}
