import { expect, it } from "vitest";
import { jsonParseCase, kernelCase, measureMicro } from "./measure.ts";

/** Each variant's kernel is compiled; the first compilation takes seconds. */
const PATIENCE_MS = 120_000;

it(
  "the micro bench runs all its cases, lost variants included, and every output is the reference's",
  async () => {
    const results = await measureMicro({ events: 300, caseMs: 20, variants: "none" }, () => {});
    expect(results.map(({ name }) => name)).toEqual(expect.arrayContaining([jsonParseCase, kernelCase]));
    expect(results.filter(({ name }) => name.includes("lost")).length).toBeGreaterThan(5);
    for (const { eventsPerSecond, ratio } of results) {
      expect(eventsPerSecond).toBeGreaterThan(0);
      expect(ratio).toBeGreaterThan(0);
    }
  },
  PATIENCE_MS,
);
