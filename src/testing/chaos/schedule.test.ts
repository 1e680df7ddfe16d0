import { describe, expect, it } from "vitest";
import { describeFault } from "./faults.ts";
import { drawFaults, faultKinds } from "./schedule.ts";

describe("drawFaults()", () => {
  it("gives the same faults for the same seed, and others for another", () => {
    expect(drawFaults(1, 200)).toEqual(drawFaults(1, 200));
    expect(drawFaults(2, 200)).not.toEqual(drawFaults(1, 200));
  });

  it("begins with one of each kind, so that a longer run of a seed only adds to a shorter one", () => {
    const faults = drawFaults(7, 60);
    expect(new Set(faults.slice(0, faultKinds.length).map(({ action }) => action.kind))).toEqual(new Set(faultKinds));
    expect(drawFaults(7, 10)).toEqual(faults.slice(0, 10));
  });

  it("draws only the kinds that are wanted, and has words for all", () => {
    const faults = drawFaults(3, 50, ["insert", "kill-at-step"]);
    expect(new Set(faults.map(({ action }) => action.kind))).toEqual(new Set(["insert", "kill-at-step"]));
    for (const { action } of drawFaults(4, 300)) expect(describeFault(action)).not.toMatch(/undefined|NaN|object/);
  });

  it("uses every step and every fault of an insert within a few hundred faults", () => {
    const actions = drawFaults(1, 400).map(({ action }) => action);
    const steps = actions.flatMap((action) => (action.kind === "kill-at-step" ? action.step : []));
    expect(new Set(steps).size).toBe(8);
    const inserts = actions.flatMap((action) =>
      action.kind === "insert" ? JSON.stringify({ ...action.fault, bytes: 0 }) : [],
    );
    expect(new Set(inserts).size).toBe(10);
  });

  it("lets nothing overlap with a zombie whose tokens are forgotten", () => {
    const zombies = drawFaults(1, 500).filter(({ action }) => action.kind === "forgotten-zombie");
    expect(zombies.length).toBeGreaterThan(5);
    expect(zombies.every(({ isOverlapping }) => !isOverlapping)).toBe(true);
  });
});
