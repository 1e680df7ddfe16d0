import { describe, expect, it } from "vitest";
import { decodeIntents } from "../../ingest/commit/intents.ts";
import type { GroupInFlight } from "./group-offsets.ts";
import type { Move } from "./reset-move.ts";
import { othersOf } from "./reset-partners.ts";

const id = "q1fPOx0a0-tAdcWd";
const listed = `m3 0-9@1#${id}.3`;
const stored = `${listed}!`;
const mark = `m3 +${id}`;

/** What a reset of partition 0 of topic a does, by what a:0, a:1 and b:0 say. */
function others(...texts: [moved: string, string, string]) {
  const places = [
    { topic: "a", partition: 0 },
    { topic: "a", partition: 1 },
    { topic: "b", partition: 0 },
  ];
  const group: GroupInFlight[] = places.map((at, index) => ({ ...at, ...decodeIntents(texts[index]) }));
  return othersOf([{ partition: group[0] } as unknown as Move], group);
}

describe("what a reset does to partitions that stay", () => {
  it("leaves those in doubt that have ranges in a bundle with it", () => {
    expect(others(listed, "m2", listed)).toEqual({ inDoubt: ["b:0"], untold: [] });
    expect(others(listed, listed, listed)).toEqual({ inDoubt: ["a:1", "b:0"], untold: [] });
    expect(others("m2 0-9@1", listed, listed)).toEqual({ inDoubt: [], untold: [] });
  });

  it("leaves those untold that do not say by themselves that their ranges are stored", () => {
    expect(others(mark, "m2", listed)).toEqual({ inDoubt: [], untold: ["b:0"] });
    expect(others(stored, listed, listed)).toEqual({ inDoubt: [], untold: ["a:1", "b:0"] });
  });

  it("leaves none untold where one that stays says so, too", () => {
    for (const says of [mark, stored]) {
      expect(others(mark, says, listed)).toEqual({ inDoubt: [], untold: [] });
      expect(others(stored, says, listed)).toEqual({ inDoubt: [], untold: [] });
    }
  });
});
