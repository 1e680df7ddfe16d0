import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Intent } from "../../core/partition-offsets.ts";
import { decodeIntents, encodeIntents, METADATA_BYTES_MAX, UnreadableIntents } from "./intents.ts";

/** Ranges that rise, with holes between them or without; the first ones may be of version 1. */
const intents = fc
  .tuple(
    fc.array(fc.tuple(fc.nat({ max: 1_000 }), fc.nat({ max: 1e9 }), fc.nat({ max: 2e12 })), { maxLength: 60 }),
    fc.nat({ max: 60 }),
  )
  .map(([parts, bareCount]) => {
    let next = 0;
    return parts.map(([hole, length, judgedMs], index): Intent => {
      const firstOffset = next + hole;
      next = firstOffset + length + 1;
      return { firstOffset, lastOffset: next - 1, judgedMs, ...(index < bareCount ? { isBare: true } : {}) };
    });
  });

describe("intents in commit metadata", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(intents, (written) => {
        const { metadata, count } = encodeIntents(written);
        expect(count).toBe(written.length);
        expect(decodeIntents(metadata)).toEqual(written);
      }),
    );
  });

  it("look as documented", () => {
    const { metadata } = encodeIntents([{ firstOffset: 4_000, lastOffset: 4_999, judgedMs: 1_767_225_600_000 }]);
    expect(metadata).toBe("m2 4000-4999@1767225600000");
    expect(encodeIntents([]).metadata).toBe("m2");
  });

  it("of version 1 keep their tokens, also when they are committed again beside new ones", () => {
    const before = decodeIntents("m1 10-19@1 20-29@2");
    const { metadata } = encodeIntents([...before.slice(1), { firstOffset: 30, lastOffset: 39, judgedMs: 3 }]);
    expect(metadata).toBe("m2 20-29@2/1 30-39@3");
    expect(decodeIntents(metadata)).toEqual([
      { firstOffset: 20, lastOffset: 29, judgedMs: 2, isBare: true },
      { firstOffset: 30, lastOffset: 39, judgedMs: 3 },
    ]);
  });

  it("of version 1 are all committed again, however full their text was: any may be stored already", () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      firstOffset: 1e9 + index * 10,
      lastOffset: 1e9 + index * 10 + 9,
      judgedMs: 1_767_225_600_000,
    }));
    const full = encodeIntents(many).metadata.replace("m2", "m1");
    const before = decodeIntents(full);
    expect(METADATA_BYTES_MAX - full.length).toBeLessThan(40);
    expect(encodeIntents([...before, ...many.slice(before.length)])).toEqual({ metadata: full, count: before.length });
    const later = [...before.slice(2), ...many.slice(before.length)];
    const { metadata, count } = encodeIntents(later);
    expect(count).toBe(before.length);
    expect(decodeIntents(metadata)).toEqual(later.slice(0, count));
  });

  it("never need more bytes than a broker takes: the last ones are left out", () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      firstOffset: 9e15 + index * 10,
      lastOffset: 9e15 + index * 10 + 9,
      judgedMs: 1_767_225_600_000,
    }));
    const { metadata, count } = encodeIntents(many);
    expect(metadata.length).toBeLessThanOrEqual(METADATA_BYTES_MAX);
    expect(count).toBeGreaterThan(80);
    expect(decodeIntents(metadata)).toEqual(many.slice(0, count));
  });

  it("are none in a partition that was committed without metadata", () => {
    for (const metadata of ["", null, undefined, "m1", "m2"]) expect(decodeIntents(metadata)).toEqual([]);
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
  ])("are not guessed from %j", (metadata) => {
    expect(() => decodeIntents(metadata)).toThrow(UnreadableIntents);
  });
});
