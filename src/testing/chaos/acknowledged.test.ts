import { describe, expect, it } from "vitest";
import { judgeAcknowledged } from "./acknowledged.ts";

const log = { topic: "t", partition: 0, first: 0, end: 100 };

function partition(ranges: [number, number][]) {
  return { topic: "t", partition: 0, count: 0, firstOffset: 0, lastOffset: 0, ranges };
}

describe("judgeAcknowledged()", () => {
  it("accepts what the log has, gaps by other producers included", () => {
    expect(
      judgeAcknowledged(
        [
          partition([
            [0, 39],
            [50, 99],
          ]),
        ],
        [log],
      ),
    ).toEqual([]);
  });

  it("finds what was acknowledged and lost", () => {
    expect(judgeAcknowledged([partition([[90, 100]])], [log])).toEqual([
      "t:0: offsets 90–100 were acknowledged, the log has 0–99",
    ]);
  });

  it("finds offsets that the broker gave to two batches", () => {
    expect(
      judgeAcknowledged(
        [
          partition([
            [50, 70],
            [60, 80],
          ]),
        ],
        [log],
      ),
    ).toEqual(["t:0: offsets 60–70 were acknowledged twice"]);
  });
});
