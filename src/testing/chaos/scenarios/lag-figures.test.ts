import { describe, expect, it } from "vitest";
import { LagFigures } from "./lag-figures.ts";

function at(committed: [number | undefined, number | undefined], logEnd: [number, number]) {
  return [0, 1].map((partition) => ({
    topic: "t",
    partition,
    logStart: 0,
    logEnd: logEnd[partition]!,
    committed: committed[partition],
  }));
}

describe("LagFigures", () => {
  it("measures how long nothing moved, and how long one partition did not", () => {
    const figures = new LagFigures();
    figures.note(at([0, undefined], [10, 10]), 0);
    figures.note(at([5, undefined], [20, 10]), 1_000);
    figures.note(at([5, undefined], [30, 10]), 3_000);
    figures.note(at([9, undefined], [40, 10]), 4_000);
    figures.note(at([9, 10], [50, 10]), 5_000);
    expect(figures.standstillMs).toBe(2_000);
    expect(figures.partitionStandstill).toEqual({ ms: 4_000, partition: "t:1" });
    expect(figures.samples.map(({ lag }) => lag)).toEqual([20, 25, 35, 41, 41]);
  });

  it("counts no standstill where there is nothing to commit", () => {
    const figures = new LagFigures();
    for (const atMs of [0, 10_000, 20_000]) figures.note(at([10, 10], [10, 10]), atMs);
    figures.note(at([10, 10], [11, 10]), 30_000);
    figures.note(at([10, 10], [11, 10]), 30_400);
    expect(figures.standstillMs).toBe(400);
    expect(figures.partitionStandstill).toEqual({ ms: 400, partition: "t:0" });
  });
});
