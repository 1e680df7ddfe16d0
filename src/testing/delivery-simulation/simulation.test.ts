import { describe, expect, it } from "vitest";
import { type SimulationOptions, type SimulationResult, simulate } from "./simulate.ts";

/** A window that remembers all inserts of a schedule; processes stand still for up to three session timeouts. */
const sound: Omit<SimulationOptions, "seed"> = { windowTokens: 1_000, fenceMs: 300, stopMsMax: 1_500, calmMs: 2_000 };
const FIRST_SEED = 1;

async function simulateMany(count: number, options: Omit<SimulationOptions, "seed">): Promise<SimulationResult[]> {
  const results: SimulationResult[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed += 1) results.push(await simulate({ seed, ...options }));
  return results;
}

const isWrong = ({ missing, duplicate, isDone }: SimulationResult) => missing > 0 || duplicate > 0 || !isDone;

describe("the delivery protocol, simulated", () => {
  it("stores every record once in each schedule of kills, stops, rebalances, outages and lost answers", async () => {
    const results = await simulateMany(1_500, sound);
    expect(results.filter(isWrong)).toEqual([]);
    // What the schedules are for has happened in them.
    const sum = (count: (result: SimulationResult) => number) => results.reduce((total, one) => total + count(one), 0);
    expect(sum(({ repeated }) => repeated)).toBeGreaterThan(100);
    expect(sum(({ staleRanges }) => staleRanges)).toBeGreaterThan(100);
    expect(sum(({ late }) => late)).toBeGreaterThan(10);
    for (const fault of ["kill", "stop", "killAtStep", "stopAtStep", "leave", "join", "outage"]) {
      expect(sum(({ faults }) => faults[fault] ?? 0)).toBeGreaterThan(50);
    }
  }, 60_000);

  /** Ten seconds of stops, so long that the table has forgotten what the process was about to insert. */
  const forgetful = { ...sound, windowTokens: 25, stopMsMax: 8_000, calmMs: 10_000 };

  it("keeps out a process that wakes up when its token is forgotten", async () => {
    expect((await simulateMany(100, forgetful)).filter(isWrong)).toEqual([]);
  }, 60_000);

  it("doubles rows there without the fence", async () => {
    const results = await simulateMany(100, { ...forgetful, fenceMs: 1e9 });
    expect(results.filter(({ duplicate }) => duplicate > 0)).not.toEqual([]);
  }, 60_000);

  it("doubles rows when the intents of the owner before are not read", async () => {
    const results = await simulateMany(40, { ...sound, faults: { forgetsIntents: true } });
    expect(results.filter(({ duplicate }) => duplicate > 0)).not.toEqual([]);
  }, 60_000);

  it("doubles rows without a deduplication window", async () => {
    const results = await simulateMany(20, { ...sound, windowTokens: 0 });
    expect(results.filter(({ duplicate }) => duplicate > 0)).not.toEqual([]);
  }, 60_000);

  it("loses records when an insert counts as stored before it is", async () => {
    const results = await simulateMany(40, { ...sound, faults: { acknowledgesEarly: true } });
    expect(results.filter(({ missing }) => missing > 0)).not.toEqual([]);
  }, 60_000);

  it("never ends when members do not join again", async () => {
    const results = await simulateMany(10, { ...sound, faults: { joinsOnce: true } });
    expect(results.filter(({ isDone }) => !isDone)).not.toEqual([]);
  }, 60_000);
});
