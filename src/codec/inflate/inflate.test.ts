import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import { CodecError } from "../codec-error.ts";
import { concat, text } from "../testing/record-batch.ts";
import { inflate } from "./inflate.ts";

const require = createRequire(import.meta.url);
const snappyjs: { compress(bytes: Uint8Array): Uint8Array } = require("snappyjs");
const lz4js: { compress(bytes: Uint8Array): Uint8Array } = require("lz4js");

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

const peers: [string, number, (bytes: Uint8Array) => Uint8Array][] = [
  ["none", 0, (bytes) => bytes],
  ["gzip", GZIP, (bytes) => gzipSync(bytes)],
  ["snappy", SNAPPY, (bytes) => new Uint8Array(snappyjs.compress(bytes))],
  ["snappy in snappy-java's frame", SNAPPY, xerial],
  ["lz4", LZ4, (bytes) => new Uint8Array(lz4js.compress(bytes))],
  ["zstd", ZSTD, (bytes) => zstdCompressSync(bytes)],
];

/** snappy-java's stream: 32 KiB a chunk. */
function xerial(bytes: Uint8Array): Uint8Array {
  const parts = [Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)];
  for (let offset = 0; offset < bytes.length; offset += 32_768) {
    const chunk = new Uint8Array(snappyjs.compress(bytes.slice(offset, offset + 32_768)));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, chunk.length);
    parts.push(length, chunk);
  }
  return concat(parts);
}

function run(codecId: number, bytes: Uint8Array, maxBytes?: number): Uint8Array {
  return Uint8Array.from(inflate(codecId, bytes, nodeInflaters, maxBytes));
}

/** An LZ4 frame with 64 KiB blocks. `flags` as in the frame's FLG byte; blocks are `[bytes, isStored]`. */
function frame(flags: number, blocks: [number[] | Uint8Array, boolean][], tail: number[] = []): Uint8Array {
  const parts = [Uint8Array.of(0x04, 0x22, 0x4d, 0x18, flags, 0x40)];
  if ((flags & 0x08) !== 0) parts.push(new Uint8Array(8));
  parts.push(Uint8Array.of(0xee)); // not the header's checksum: old Kafka clients computed it wrongly
  for (const [bytes, isStored] of blocks) {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, (isStored ? 0x80000000 : 0) + bytes.length, true);
    parts.push(size, Uint8Array.from(bytes));
    if ((flags & 0x10) !== 0) parts.push(new Uint8Array(4));
  }
  parts.push(new Uint8Array(4), Uint8Array.from(tail));
  return concat(parts);
}

const LINKED = 0x40;
const INDEPENDENT = 0x60;
const abcdefgh = [...text("abcdefgh")];
/** No literals, 8 bytes from 8 back, then "zzzzz" as the closing literals. */
const repeatEight = [0x04, 8, 0, 0x50, ...text("zzzzz")];

describe("inflate()", () => {
  const corpus = text(
    Array.from({ length: 5000 }, (_, index) => `{"id":${index},"service":"auth","path":"/v2/auth/login"}`).join("\n"),
  );

  it.each(peers)("gives back what was packed with %s", (_name, codecId, pack) => {
    const noise = Uint8Array.from({ length: 200_000 }, (_, index) => Math.imul(index, 2654435761) >>> 24);
    for (const bytes of [corpus, noise, new Uint8Array(300_000), text("a"), text("abcabcabcabcabcabcabcabc")]) {
      expect(Buffer.compare(run(codecId, pack(bytes)), bytes)).toBe(0);
    }
  });

  it.each(peers)("gives back anything packed with %s", (_name, codecId, pack) => {
    const bytes = fc.array(fc.constantFrom("a", "bc", "defghijklmnop", "\u0000", "αβγ"), {
      minLength: 1,
      maxLength: 400,
    });
    fc.assert(
      fc.property(bytes, (words) => {
        const plain = text(words.join(""));
        expect(run(codecId, pack(plain))).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  it("reads lz4 frames: stored blocks, linked blocks, checksums, sizes, a wrong header checksum, frames in a row", () => {
    const stored: [number[], boolean] = [abcdefgh, true];
    const linked: [number[], boolean] = [repeatEight, false];
    expect(run(LZ4, frame(LINKED, [stored, linked]))).toEqual(text("abcdefghabcdefghzzzzz"));
    expect(run(LZ4, frame(LINKED | 0x1c, [stored, linked], [1, 2, 3, 4]))).toEqual(text("abcdefghabcdefghzzzzz"));
    const twice = concat([frame(INDEPENDENT, [stored]), frame(INDEPENDENT, [stored])]);
    expect(run(LZ4, twice)).toEqual(text("abcdefghabcdefgh"));
    expect(run(LZ4, frame(INDEPENDENT, []))).toEqual(new Uint8Array(0));
  });

  it("refuses lz4 matches that leave the window", () => {
    const reachesIntoTheBlockBefore = frame(INDEPENDENT, [
      [abcdefgh, true],
      [repeatEight, false],
    ]);
    expect(() => run(LZ4, reachesIntoTheBlockBefore)).toThrow("reaches 8 bytes back, 0 are there");
    expect(() => run(LZ4, frame(INDEPENDENT, [[[0x14, 0x61, 0, 0], false]]))).toThrow("reaches 0 bytes back");
  });

  it("refuses lz4 frames it cannot read, naming why", () => {
    const dictionary = frame(INDEPENDENT | 0x01, []);
    expect(() => run(LZ4, dictionary)).toThrow("cannot inflate 11 bytes of lz4: LZ4 frame needs a dictionary");
    expect(() => run(LZ4, frame(0xa0, []))).toThrow("version 2");
    expect(() => run(LZ4, frame(INDEPENDENT | 0x04, [[abcdefgh, true]]))).toThrow("cut off in its checksum");
    expect(() => run(LZ4, concat([frame(INDEPENDENT, []), text("x")]))).toThrow("no LZ4 frame at byte 11 of 12");
    expect(() => run(LZ4, text("not a frame"))).toThrow("no LZ4 frame");
  });

  it("refuses snappy that lies", () => {
    expect(() => run(SNAPPY, Uint8Array.of(0xff, 0xff, 0xff, 0x0f, 0))).toThrow("snappy block of 5 bytes claims");
    expect(() => run(SNAPPY, Uint8Array.of(4, 0x0c, 0x61))).toThrow("cut off");
    expect(() => run(SNAPPY, Uint8Array.of(4, 0x00, 0x61))).toThrow("holds 1 bytes, claims 4");
    expect(() => run(SNAPPY, Uint8Array.of(1, 0x04, 0x61, 0x62))).toThrow("exceeds the 1 bytes it claims");
    expect(() => run(SNAPPY, Uint8Array.of(5, 0x00, 0x61, 0x01, 2))).toThrow("reaches 2 bytes back");
    expect(() => run(SNAPPY, xerial(corpus).subarray(0, 40))).toThrow("snappy chunk at byte 20 claims");
  });

  it("refuses an unknown codec and empty input", () => {
    expect(() => run(5, corpus)).toThrow("unknown compression codec 5");
    for (const codecId of [GZIP, SNAPPY, LZ4, ZSTD]) expect(() => run(codecId, new Uint8Array(0))).toThrow(CodecError);
  });

  it.each(peers.slice(1))("stops at the limit of bytes: %s", (_name, codecId, pack) => {
    const packed = pack(corpus);
    expect(run(codecId, packed, corpus.length).length).toBe(corpus.length);
    expect(() => run(codecId, packed, corpus.length - 1)).toThrow(CodecError);
    expect(() => run(codecId, pack(new Uint8Array(1_000_000)), 1_000)).toThrow(CodecError);
  });

  it.each(peers.slice(1))(
    "ends in bytes or a CodecError whatever happened to the bytes: %s",
    (_name, codecId, pack) => {
      const packed = pack(corpus.subarray(0, 3_000));
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          (edits) => {
            const damaged = Uint8Array.from(packed);
            for (const [index, byte] of edits) damaged[index] = byte;
            try {
              expect(run(codecId, damaged, 100_000).length).toBeLessThanOrEqual(100_000);
            } catch (error) {
              expect(error).toBeInstanceOf(CodecError);
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});
