import { describe, expect, it } from "vitest";
import type { Intent } from "../../core/partition-offsets.ts";
import { moveFaults } from "./reset-faults.ts";
import type { Move, ResetChoice } from "./reset-move.ts";

const choice: ResetChoice = {
  ...{ group: "g", topic: "t", partitions: undefined },
  ...{ discardIntents: false, allowDuplicates: false, record: false },
};
const nobody = { inDoubt: [], untold: [] };
const range: Intent = { firstOffset: 10, lastOffset: 19, judgedMs: 1 };
const bundle = { id: "q1fPOx0a0-tAdcWd", count: 2 };

function move(intents: Intent[] | undefined, to = 10): Move {
  const partition = {
    topic: "t",
    partition: 0,
    logStart: 0,
    logEnd: 100,
    committed: 10,
    metadata: "",
    intents,
    lost: 0,
  };
  return { partition, from: 10, to, skipped: Math.max(0, to - 10), again: Math.max(0, 10 - to), rows: undefined };
}

describe("why offsets must not be reset", () => {
  it("is a range in flight, or metadata that cannot be read, unless they are discarded", () => {
    for (const intents of [[range], undefined]) {
      expect(moveFaults(choice, [move(intents)], undefined, nobody)).toEqual([
        expect.stringMatching(/^t:0: .* ranges in flight, which may be stored or not\. Start/),
      ]);
      expect(moveFaults({ ...choice, discardIntents: true }, [move(intents)], undefined, nobody)).toEqual([]);
    }
  });

  it("names the partitions that would be left in doubt about a bundle", () => {
    const [fault] = moveFaults(choice, [move([{ ...range, bundle }])], undefined, {
      ...nobody,
      inDoubt: ["t:1", "u:3"],
    });
    expect(fault).toContain("together with ranges of t:1, u:3, which would be left in doubt");
  });

  it("is what another partition would not know any more to be stored, unless it is discarded", () => {
    const others = { ...nobody, untold: ["u:3"] };
    expect(moveFaults(choice, [move([])], undefined, others)).toEqual([
      expect.stringMatching(/^Ranges in flight of u:3 are stored, .* Start and stop Millrace once/),
    ]);
    expect(moveFaults({ ...choice, discardIntents: true }, [move([])], undefined, others)).toEqual([]);
  });

  it("is no range that is stored, but for being read again", () => {
    const stored: Intent = { ...range, bundle, isStored: true };
    expect(moveFaults(choice, [move([stored], 20)], undefined, nobody)).toEqual([]);
    for (const to of [10, 19]) {
      expect(moveFaults(choice, [move([stored], to)], undefined, nobody)).toEqual([
        expect.stringContaining("Records would be read again"),
      ]);
    }
    expect(moveFaults({ ...choice, allowDuplicates: true }, [move([stored])], undefined, nobody)).toEqual([]);
  });
});
