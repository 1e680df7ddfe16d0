import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Intent } from "../../core/partition-offsets.ts";
import { bundleIdOf } from "./bundle-id.ts";
import {
  decodeIntents,
  encodeIntents,
  FRAME_BYTES,
  MARK_BYTES,
  RANGE_BYTES_MAX,
  reservedBytes,
  UnreadableIntents,
} from "./intents.ts";

const idOf = (seed: number) => bundleIdOf([], seed);
const [ID, OTHER] = [idOf(1), idOf(2)];

interface Part {
  hole: number;
  length: number;
  judgedMs: number;
  bundleCount: number | undefined;
  end: "isStored" | "isDoubtful" | undefined;
}
const parts = fc.array(
  fc.record<Part>({
    hole: fc.nat({ max: 1_000 }),
    length: fc.nat({ max: 1e9 }),
    judgedMs: fc.nat({ max: 2e12 }),
    bundleCount: fc.option(fc.integer({ min: 2, max: 9_999 }), { nil: undefined }),
    end: fc.constantFrom("isStored", "isDoubtful", undefined),
  }),
  { maxLength: 60 },
);

/** Ranges that rise, with holes between them or without; the first ones may be of version 1, and are in no bundle. */
function intentsOf(list: Part[], bareCount: number): Intent[] {
  let next = 0;
  return list.map(({ hole, length, judgedMs, bundleCount, end }, index): Intent => {
    const firstOffset = next + hole;
    next = firstOffset + length + 1;
    const isBare = index < bareCount;
    return {
      ...{ firstOffset, lastOffset: next - 1, judgedMs },
      ...(isBare ? { isBare: true } : {}),
      // Doubtful is a range that is in no bundle any more, and never was of version 1.
      ...(bundleCount === undefined || isBare || end === "isDoubtful"
        ? {}
        : { bundle: { id: idOf(index), count: bundleCount } }),
      ...(end === undefined || (isBare && end === "isDoubtful") ? {} : { [end]: true }),
    };
  });
}

describe("intents in commit metadata", () => {
  it("are read as they were written, with their marks", () => {
    fc.assert(
      fc.property(parts, fc.nat({ max: 60 }), fc.nat({ max: 5 }), fc.boolean(), (list, bareCount, markCount, isOld) => {
        const plain = list.map((part) => ({ ...part, bundleCount: undefined, end: undefined }));
        const intents = intentsOf(isOld ? plain : list, bareCount);
        const marks = Array.from({ length: isOld ? 0 : markCount }, (_, index) => idOf(-1 - index));
        expect(decodeIntents(encodeIntents(intents, marks))).toEqual({ intents, marks });
      }),
    );
  });

  it("never take more than is reserved for them, also when those of bundles are stored", () => {
    fc.assert(
      fc.property(parts, fc.nat({ max: 60 }), fc.nat({ max: 5 }), (list, bareCount, markCount) => {
        const intents = intentsOf(list, bareCount);
        const marks = Array.from({ length: markCount }, (_, index) => idOf(-1 - index));
        const reserved = intents.reduce((sum, intent) => sum + reservedBytes(intent), 0);
        const stored = intents.map((intent): Intent => (intent.bundle ? { ...intent, isStored: true } : intent));
        const slack = FRAME_BYTES + marks.length * MARK_BYTES + reserved - encodeIntents(stored, marks).length;
        // Two for the mark of version 1, which there may be.
        expect([0, 2]).toContain(slack);
      }),
    );
    const most = { firstOffset: 2 ** 53 - 2, lastOffset: 2 ** 53 - 1, judgedMs: 2 ** 53 - 1 };
    expect(reservedBytes({ ...most, bundle: { id: ID, count: 9_999 } })).toBe(RANGE_BYTES_MAX);
  });

  it("look as documented", () => {
    const range = { firstOffset: 4_000, lastOffset: 4_999, judgedMs: 1_767_225_600_000 };
    expect(encodeIntents([range])).toBe("m2 4000-4999@1767225600000");
    expect(encodeIntents([])).toBe("m2");
    const bundle = { id: ID, count: 12 };
    expect(encodeIntents([{ ...range, bundle }])).toBe(`m3 4000-4999@1767225600000#${ID}.12`);
    expect(encodeIntents([{ ...range, bundle, isStored: true }])).toBe(`m3 4000-4999@1767225600000#${ID}.12!`);
    expect(encodeIntents([{ ...range, isDoubtful: true }])).toBe("m3 4000-4999@1767225600000?");
    expect(encodeIntents([range], [OTHER])).toBe(`m3 +${OTHER} 4000-4999@1767225600000`);
  });

  it("of version 1 keep their tokens, also when they are committed again beside new ones", () => {
    const { intents } = decodeIntents("m1 10-19@1 20-29@2");
    const metadata = encodeIntents([...intents.slice(1), { firstOffset: 30, lastOffset: 39, judgedMs: 3 }]);
    expect(metadata).toBe("m2 20-29@2/1 30-39@3");
    expect(decodeIntents(metadata).intents).toEqual([
      { firstOffset: 20, lastOffset: 29, judgedMs: 2, isBare: true },
      { firstOffset: 30, lastOffset: 39, judgedMs: 3 },
    ]);
    expect(encodeIntents(intents, [ID])).toBe(`m3 +${ID} 10-19@1 20-29@2/1`);
  });

  it("are none in a partition that was committed without metadata", () => {
    for (const metadata of ["", null, undefined, "m1", "m2"])
      expect(decodeIntents(metadata)).toEqual({ intents: [], marks: [] });
  });

  it.each([
    "m3 1-2@3",
    "m1 1-2@3/1",
    "m2 1-2@3/2",
    "offset committed by another tool",
    "m1 5-4@1",
    "m1 1-9@1 5-12@1",
    "m1 1-9",
    "m1 1-9@",
    "m1 -1-9@1",
    "m1 1-9@1 ",
    "m1 1-99999999999999999@1",
    "m3",
    `m2 1-2@3#${ID}.2`,
    `m1 1-2@3#${ID}.2`,
    "m2 1-2@3!",
    "m2 1-2@3?",
    "m1 1-2@3?",
    "m3 1-2@3?!",
    "m3 1-2@3!?",
    "m3 1-2@3/1?",
    "m3 1-2@3? 3-4@3/1",
    `m3 1-2@3#${ID}.2?`,
    `m2 +${ID}`,
    `m3 1-2@3#${ID}`,
    `m3 1-2@3#${ID}.1`,
    `m3 1-2@3#${ID}.02`,
    `m3 1-2@3#${ID}.10000`,
    `m3 1-2@3#${ID.slice(1)}.2`,
    `m3 1-2@3#${ID.slice(1)}=.2`,
    `m3 1-2@3#${ID}.2!!`,
    `m3 1-2@3/1#${ID}.2`,
    `m3 1-2@3#${ID}.2 3-4@3/1`,
    `m3 1-2@3/1 3-4@3/1 5-6@3!`,
    `m3 1-2@3#${ID}.2 3-4@3#${ID}.2`,
    `m3 +${ID} +${ID}`,
    `m3 +${ID} 1-2@3#${ID}.2`,
    `m3 1-2@3 +${ID}`,
    `m3 +${ID.slice(1)}`,
    `m3 +${ID}  1-2@3`,
    `m4 1-2@3#${ID}.2`,
  ])("are not guessed from %j", (metadata) => {
    expect(() => decodeIntents(metadata)).toThrow(UnreadableIntents);
  });
});
