import { expect, it } from "vitest";
import { whatLimits } from "./what-limits.ts";

const idle = { inserts: 0, workers: 0, mainThread: 0, paused: 0 };

it.each([
  [{ ...idle, inserts: 0.71, workers: 0.3 }, "ClickHouse's inserts: 71 % of the time"],
  [{ ...idle, workers: 0.93, inserts: 0.4 }, "The workers: 93 % of the time"],
  [{ ...idle, mainThread: 0.8, workers: 0.79 }, "The main thread: 80 % of the time"],
  [{ ...idle, inserts: 0.2, mainThread: 0.1 }, "Nothing. Busiest: ClickHouse's inserts, 20 % of the time"],
  [{ ...idle, inserts: 0.004 }, "Nothing. Busiest: ClickHouse's inserts, under 1 % of the time"],
  [
    { inserts: 0.99, workers: 0.5, mainThread: 0.2, paused: 0.4 },
    "The byte budget: intake pauses 40 % of the time. Busiest: ClickHouse's inserts, 99 % of the time",
  ],
])("says of %j: %s", (shares, sentence) => {
  expect(whatLimits(shares).sentence).toBe(sentence);
});

it("keeps shares between 0 and 1, and leaves out what is not measured", () => {
  // An insert of ten seconds is counted when it ends, in a window of two.
  expect(whatLimits({ ...idle, inserts: 3, mainThread: undefined }).busy).toEqual([
    { name: "ClickHouse's inserts", share: 1 },
    { name: "the workers", share: 0 },
  ]);
});
