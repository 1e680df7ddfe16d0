import { createRequire } from "node:module";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { INFLATED_BYTES_MAX } from "../inflate/inflate.ts";
import { inflateLz4Frames } from "../inflate/lz4.ts";
import { inflateSnappy } from "../inflate/snappy.ts";
import { concat, text } from "../testing/record-batch.ts";
import { KernelInflater } from "./testing/kernel-inflater.ts";
import { lz4Block, lz4Frame, plainText, snappyBlock, xerial } from "./testing/packed-bytes.ts";
import { damage, Randomness } from "./testing/randomness.ts";

const require = createRequire(import.meta.url);
const snappyjs: { compress(bytes: Uint8Array): Uint8Array } = require("snappyjs");
const lz4js: { compress(bytes: Uint8Array): Uint8Array } = require("lz4js");

type Codec = "lz4" | "snappy";

const references = { lz4: inflateLz4Frames, snappy: inflateSnappy };
const codecs: Codec[] = ["lz4", "snappy"];

let kernel: KernelInflater;
beforeAll(async () => {
  kernel = await KernelInflater.create();
});

function byReference(codec: Codec, packed: Uint8Array): Uint8Array | undefined {
  try {
    return references[codec](packed, INFLATED_BYTES_MAX);
  } catch {
    return undefined;
  }
}

/** Of a raw block of snappy, as far as two bytes tell. */
function claimedLength(packed: Uint8Array): number {
  return packed[0]! < 0x80 ? packed[0]! : (packed[0]! & 0x7f) | (packed[1]! << 7);
}

/** Both give the same bytes or both refuse; tells whether they gave bytes. */
function expectAgreement(codec: Codec, packed: Uint8Array): boolean {
  const expected = byReference(codec, packed);
  // Snappy tells its length, so that the region can be as small as may be: also when more is in it than it tells.
  const claimed = codec === "snappy" && packed.length > 1 && packed[0] !== 0x82 ? claimedLength(packed) : undefined;
  const actual = kernel.inflate(codec, packed, codec === "snappy" ? (expected?.length ?? claimed) : undefined);
  const isSame = expected && actual ? Buffer.compare(expected, actual) === 0 : expected === actual;
  if (!isSame) expect({ packed: Buffer.from(packed).toString("hex"), out: actual }).toEqual({ out: expected });
  return expected !== undefined;
}

describe("the kernel's inflaters", () => {
  it("give back what other packers made, in regions that had to grow", () => {
    const corpus = text(Array.from({ length: 9_000 }, (_, i) => `{"id":${i},"path":"/v2/auth/login"}`).join("\n"));
    const noise = Uint8Array.from({ length: 200_000 }, (_, index) => Math.imul(index, 2654435761) >>> 24);
    for (const bytes of [corpus, noise, new Uint8Array(300_000), text("a"), text("abcabcabcabcabcabcabcabc")]) {
      const snappy = new Uint8Array(snappyjs.compress(bytes));
      const lz4 = new Uint8Array(lz4js.compress(bytes));
      for (const [codec, packed] of [["lz4", lz4] as const, ["snappy", snappy] as const]) {
        expect(Buffer.compare(kernel.inflate(codec, packed, 16)!, bytes)).toBe(0);
      }
    }
  });

  it("repeat a period of any distance over any length", () => {
    for (let distance = 1; distance <= 40; distance++) {
      const period = Uint8Array.from({ length: distance }, (_, index) => index + 1);
      for (const length of [4, 5, 11, 15, 16, 17, 18, 19, 31, 32, 33, 60, 64, 65, 273, 274, 275, 600, 1_500]) {
        const block = lz4Block([{ literals: period, distance, matched: length }, { literals: text("zzzzz") }]);
        expect(expectAgreement("lz4", lz4Frame({}, [{ bytes: block }]))).toBe(true);
        if (length <= 64) {
          const packed = snappyBlock([{ literals: period }, { distance, matched: length }, { literals: text("z") }]);
          expect(expectAgreement("snappy", packed)).toBe(true);
        }
      }
    }
  });

  it("write at most the slack after a region that a block fills to its last byte", () => {
    const random = new Randomness(3);
    for (let round = 0; round < 500; round++) {
      const length = 1 + random.below(80);
      const end =
        round % 2 === 0 ? { literals: random.bytes(length) } : { distance: 1 + (round % 50), matched: length };
      // Literals of a match that is less than four bytes long take the rest.
      const isShort = end.matched !== undefined && length < 4;
      const last = isShort ? { literals: random.bytes(length) } : end;
      const first = { literals: random.bytes(60), distance: 60, matched: 65_536 - 60 - length };
      const packed = lz4Frame({}, [{ bytes: lz4Block([first, last]) }]);
      expect(Buffer.compare(kernel.inflate("lz4", packed, 65_536)!, inflateLz4Frames(packed, 65_536))).toBe(0);
    }
  });

  it("agree with the reference on what frames, blocks and chunks may hold", () => {
    const random = new Randomness(1);
    const accepted = { lz4: 0, snappy: 0 };
    for (let round = 0; round < 1_500; round++) {
      if (expectAgreement("lz4", random.lz4Frames())) accepted.lz4++;
      if (expectAgreement("snappy", random.snappy())) accepted.snappy++;
    }
    // The generator lies in some cases only: else agreement would mean nothing.
    for (const codec of codecs) expect(accepted[codec]).toBeGreaterThan(700);
  });

  it("agree with the reference on damaged and torn input, and write nothing outside the region", () => {
    const random = new Randomness(2);
    let accepted = 0;
    for (let round = 0; round < 6_000; round++) {
      const packed = round % 2 === 0 ? random.lz4Frames() : random.snappy();
      if (expectAgreement(round % 2 === 0 ? "lz4" : "snappy", damage(packed, random))) accepted++;
    }
    expect(accepted).toBeGreaterThan(500);
  });

  it("refuse a frame and a block at every length that they are cut to", () => {
    const bytes = text(plainText(40));
    const block = new Uint8Array(snappyjs.compress(bytes));
    const lz4 = lz4Block([{ literals: bytes.subarray(0, 300), distance: 200, matched: 300 }, { literals: bytes }]);
    const extras = { hasBlockChecksum: true, hasContentSize: true, hasContentChecksum: true };
    const whole: [Codec, Uint8Array][] = [
      ["lz4", new Uint8Array(lz4js.compress(bytes))],
      ["lz4", lz4Frame(extras, [{ bytes: lz4 }, { bytes, isStored: true }])],
      ["snappy", block],
      ["snappy", xerial([block, block])],
      ["snappy", snappyBlock([{ literals: text("abcde") }, { literals: bytes.subarray(0, 61) }])],
    ];
    for (const [codec, packed] of whole) {
      for (let length = 0; length <= packed.length; length++) expectAgreement(codec, packed.subarray(0, length));
    }
    for (let length = 1; length <= 2_000; length++) {
      expectAgreement("lz4", lz4Frame({}, [{ bytes: lz4.subarray(0, length) }]));
      expectAgreement("snappy", xerial([block.subarray(0, length), block]));
    }
  });

  it("read the length of a snappy block as far as the reference does", () => {
    const rest = [0x0c, ...text("abcd")];
    for (const [length, isRead] of [
      [[4], true],
      [[0x84, 0], true],
      [[0x84, 0x80, 0x80, 0x80, 0], true],
      [[0x84, 0x80, 0x80, 0x80, 0x80, 0], false],
      [[5], false],
      [[3], false],
    ] as const) {
      expect(expectAgreement("snappy", Uint8Array.from([...length, ...rest]))).toBe(isRead);
    }
    expect(expectAgreement("snappy", Uint8Array.of(0))).toBe(true);
  });

  it("stop at the same bound", () => {
    // 4 MiB a block of 16 456 bytes: one literal, then one match with 255 after 255.
    const million = (bytes: number) => lz4Block([{ literals: text("a"), distance: 1, matched: bytes - 1 }]);
    const blocks = Array.from({ length: 16 }, () => ({ bytes: million(4 << 20) }));
    const full = lz4Frame({ blockBytesCode: 7 }, blocks);
    expect(kernel.inflate("lz4", full)!.length).toBe(INFLATED_BYTES_MAX);
    expect(expectAgreement("lz4", concat([full, lz4Frame({}, [{ bytes: text("b"), isStored: true }])]))).toBe(false);
    expect(expectAgreement("lz4", concat([full, lz4Frame({}, [{ bytes: text("b") }])]))).toBe(false);
    expect(expectAgreement("lz4", lz4Frame({ blockBytesCode: 4 }, [{ bytes: million((1 << 16) + 1) }]))).toBe(false);
    expect(expectAgreement("snappy", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f, 0))).toBe(false);
  });

  it.each(codecs)("agree with the reference on any bytes at all: %s", (codec) => {
    const start = codec === "lz4" ? [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0] : [];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expectAgreement(codec, concat([Uint8Array.from(start), bytes]));
      }),
      { numRuns: 1_500 },
    );
  });
});
