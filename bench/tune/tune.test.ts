import { describe, expect, it } from "vitest";
import { type ProfileValues, readProfiles } from "../../src/config/profiles.ts";
import type { Figures, Tried } from "./figures.ts";
import { chooseFormat, chooseInterval, goals } from "./goals.ts";
import { descend } from "./search.ts";

const start: ProfileValues = readProfiles(2).profiles.mid;

function run(value: number, figures: Partial<Figures>): Tried {
  const all = { events: 1_000, rowsPerSecond: 1_000, cpuMicrosPerRow: 10, ingesterMiB: 200, clickHouseMiB: 400 };
  return { value, figures: { ...all, ...figures } };
}

describe("descend()", () => {
  // Rows per second rise towards 80,000 rows and three inserts.
  const figuresOf = ({ flushRows, insertsMax }: ProfileValues): Figures =>
    run(0, { rowsPerSecond: 1e6 - Math.abs(flushRows - 80_000) - 50_000 * Math.abs(insertsMax - 3) }).figures;

  it("finds the best value of one coordinate after the other, and keeps all figures", async () => {
    let runs = 0;
    const result = await descend({
      start: { ...start, flushRows: 10_000, insertsMax: 1 },
      coordinates: [
        { name: "flushRows", candidates: [20_000, 80_000, 320_000] },
        { name: "insertsMax", candidates: [1, 2, 3, 4] },
      ],
      async measure(values) {
        runs += 1;
        return figuresOf(values);
      },
      choose: goals.high.choose,
      hasTime: () => true,
    });
    expect(result.values).toMatchObject({ flushRows: 80_000, insertsMax: 3 });
    expect(result.figures.rowsPerSecond).toBe(1e6);
    expect(runs).toBe(1 + 3 + 3);
    expect(
      result.tried.map(({ name, runs }) => [name, runs.filter(({ chosen }) => chosen).map(({ value }) => value)]),
    ).toEqual([
      ["flushRows", [80_000]],
      ["insertsMax", [3]],
    ]);
  });

  it("keeps what it has when the time is over, and says what it did not try", async () => {
    let left = 2;
    const result = await descend({
      start: { ...start, flushRows: 10_000, insertsMax: 1 },
      coordinates: [
        { name: "flushRows", candidates: [20_000, 80_000, 320_000] },
        { name: "insertsMax", candidates: [2, 3] },
      ],
      measure: async (values) => figuresOf(values),
      choose: goals.high.choose,
      hasTime: () => left-- > 0,
    });
    expect(result.values).toMatchObject({ flushRows: 80_000, insertsMax: 1 });
    expect(result.skipped).toEqual(["flushRows", "insertsMax"]);
  });

  it("never tries a range that the byte budget could not hold", async () => {
    const seen: number[] = [];
    await descend({
      start: { ...start, flushBytes: 1_000_000, bytesMax: 10_000_000 },
      coordinates: [{ name: "flushBytes", candidates: [4_000_000, 8_000_000] }],
      async measure(values) {
        seen.push(values.flushBytes);
        return figuresOf(values);
      },
      choose: goals.high.choose,
      hasTime: () => true,
    });
    expect(seen).toEqual([1_000_000, 4_000_000]);
  });
});

describe("goals", () => {
  it("low: the least memory among what is about as cheap and soon enough", () => {
    const tried = [
      run(1, { cpuMicrosPerRow: 10, e2eP95Ms: 1_000 }),
      run(2, { cpuMicrosPerRow: 10.5, e2eP95Ms: 2_000, ingesterMiB: 100 }),
      run(3, { cpuMicrosPerRow: 13, ingesterMiB: 50 }),
      run(4, { cpuMicrosPerRow: 2, e2eP95Ms: 9_000 }),
    ];
    expect(goals.low.choose(tried).value).toBe(2);
  });

  it("mid: the best p95 that is not too dear, of runs that hold", () => {
    const tried = [
      run(1, { cpuMicrosPerRow: 10, e2eP95Ms: 900 }),
      run(2, { cpuMicrosPerRow: 14, e2eP95Ms: 400 }),
      run(3, { cpuMicrosPerRow: 16, e2eP95Ms: 200 }),
      run(4, { cpuMicrosPerRow: 12, e2eP95Ms: 100, holds: false }),
    ];
    expect(goals.mid.choose(tried).value).toBe(2);
  });

  it("mid's interval: the cheapest below 300 ms, and as above where there is none", () => {
    const tried = [
      run(150, { cpuMicrosPerRow: 80, e2eP95Ms: 210 }),
      run(200, { cpuMicrosPerRow: 60, e2eP95Ms: 250 }),
      run(240, { cpuMicrosPerRow: 50, e2eP95Ms: 295 }),
      run(250, { cpuMicrosPerRow: 40, e2eP95Ms: 295, holds: false }),
      run(400, { cpuMicrosPerRow: 30, e2eP95Ms: 460 }),
    ];
    expect(chooseInterval(tried).value).toBe(240);
    expect(chooseInterval(tried.slice(3)).value).toBe(400);
  });

  it("low and mid: rows, unless columns save three tenths of the CPU", () => {
    const choice = (native: number) =>
      chooseFormat([
        { ...run(0, { cpuMicrosPerRow: native }), value: "native" },
        { ...run(0, { cpuMicrosPerRow: 10 }), value: "rowbinary" },
      ]).value;
    expect([7.5, 7].map(choice)).toEqual(["rowbinary", "native"]);
    expect(chooseFormat([{ ...run(0, {}), value: "native" }]).value).toBe("native");
  });

  it("high: the most rows, of equals the cheaper, and of these the smaller", () => {
    const tried = [
      run(1, { rowsPerSecond: 100_000, cpuMicrosPerRow: 9, ingesterMiB: 100 }),
      run(2, { rowsPerSecond: 98_000, cpuMicrosPerRow: 7, ingesterMiB: 500 }),
      run(3, { rowsPerSecond: 97_500, cpuMicrosPerRow: 7.2, ingesterMiB: 400 }),
      run(4, { rowsPerSecond: 90_000, cpuMicrosPerRow: 5, ingesterMiB: 100 }),
    ];
    expect(goals.high.choose(tried).value).toBe(3);
  });
});
