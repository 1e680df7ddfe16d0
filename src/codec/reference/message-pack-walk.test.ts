import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { concat } from "../testing/record-batch.ts";
import { findType, messagePackLevelsMax, walkMessagePack } from "./message-pack-walk.ts";

const packr = new Packr({ useRecords: false });

/** `levels` arrays, one in the other, around bytes. */
function nested(levels: number, inner: Uint8Array): Uint8Array {
  return concat([new Uint8Array(levels).fill(0x91), inner]);
}

/** One value of every type of the specification, with its longest and shortest length. */
const leaves: [name: string, bytes: Uint8Array][] = [
  [
    "numbers and constants",
    packed([0, 127, -1, -32, 255, 65_535, 2 ** 32 - 1, 1.5, null, true, false, -128, -32_768, -(2 ** 31)]),
  ],
  ["64-bit numbers", packed([2n ** 63n, -(2n ** 63n)])],
  ["text", packed(["", "a".repeat(31), "a".repeat(32), "a".repeat(256), "a".repeat(70_000)])],
  ["bytes", packed([new Uint8Array(0), new Uint8Array(300), new Uint8Array(70_000)])],
  ["float 32", Uint8Array.of(0xca, 0, 0, 0, 0)],
  ["fixed extensions", Uint8Array.of(0x93, 0xd4, 1, 0x91, 0xd5, 1, 0x91, 0x91, 0xd6, 1, 0x91, 0x91, 0x91, 0x91)],
  ["long fixed extensions", concat([Uint8Array.of(0x92, 0xd7, 1), fill(8), Uint8Array.of(0xd8, 1), fill(16)])],
  [
    "extensions",
    concat([
      Uint8Array.of(0x93, 0xc7, 3, 1),
      fill(3),
      Uint8Array.of(0xc8, 1, 0, 1),
      fill(256),
      Uint8Array.of(0xc9, 0, 1, 0, 0, 1),
      fill(65_536),
    ]),
  ],
  [
    "long arrays and maps",
    packed([
      Array(20).fill(1),
      Array(70_000).fill(1),
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i])),
    ]),
  ],
  ["an array 32 and a map 32", Uint8Array.of(0x92, 0xdd, 0, 0, 0, 1, 1, 0xdf, 0, 0, 0, 1, 0xa1, 0x61, 2)],
];

function packed(values: unknown[]): Uint8Array {
  return Uint8Array.from(packr.pack(values));
}

/** What would look like arrays, were it not inside of something. */
function fill(length: number): Uint8Array {
  return new Uint8Array(length).fill(0x91);
}

function isNestedTooDeep(bytes: Uint8Array): boolean {
  return walkMessagePack(bytes, () => undefined);
}

describe("walkMessagePack()", () => {
  it("takes as many levels as allowed and not one more", () => {
    const padding = fill(2_000);
    const leaf = concat([Uint8Array.of(0xc5, 2_000 >> 8, 2_000 & 0xff), padding]);
    expect(isNestedTooDeep(nested(messagePackLevelsMax, leaf))).toBe(false);
    expect(isNestedTooDeep(nested(messagePackLevelsMax + 1, leaf))).toBe(true);
    const maps = concat(Array.from({ length: messagePackLevelsMax + 1 }, () => Uint8Array.of(0x81, 0xa1, 0x61)));
    expect(isNestedTooDeep(concat([maps, Uint8Array.of(1)]))).toBe(true);
    expect(isNestedTooDeep(concat([maps.subarray(3), Uint8Array.of(1)]))).toBe(false);
  });

  it.each(leaves)("steps over %s, whatever their bytes look like", (_name, leaf) => {
    // Were the leaf's length misread, what follows it would not be taken for the second element.
    const two = (levels: number) => concat([Uint8Array.of(0x92), leaf, nested(levels, Uint8Array.of(0xc0))]);
    expect(isNestedTooDeep(two(messagePackLevelsMax - 1))).toBe(false);
    expect(isNestedTooDeep(two(messagePackLevelsMax))).toBe(true);
  });

  it("leaves bytes that end too early, or go on behind the value, to the decoder", () => {
    for (const [, leaf] of leaves) {
      for (const cut of [1, 2, 3, 5])
        expect(isNestedTooDeep(concat([fill(500), fill(500), fill(20), leaf.subarray(0, cut)]))).toBe(false);
    }
    expect(isNestedTooDeep(concat([Uint8Array.of(1), fill(3_000)]))).toBe(false);
  });
});

describe("findType()", () => {
  const bytes = packed([{ a: { "": 1.5, b: "text", a: [1] }, aa: 7, ключ: null }]).subarray(1);
  it.each<[string[], number | undefined]>([
    [["a", ""], 0xcb],
    [["a", "b"], 0xa4],
    [["a", "a"], 0x91],
    [["aa"], 7],
    [["ключ"], 0xc0],
    [["b"], undefined],
    [["aa", "b"], undefined],
    [[], 0xde],
  ])("%j has the type %s", (keys, type) => {
    expect(findType(bytes, keys)).toBe(type);
  });

  it("takes the last of a key that occurs twice", () => {
    const twice = Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 0xc3);
    expect(findType(twice, ["a"])).toBe(0xc3);
  });
});
