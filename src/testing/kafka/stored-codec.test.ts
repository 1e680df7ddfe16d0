import { describe, expect, it } from "vitest";
import { codecsOf } from "./stored-codec.ts";

describe("codecsOf()", () => {
  it("passes over a small batch that librdkafka did not compress", () => {
    expect(codecsOf(Buffer.concat([batch(200, NONE), batch(5_000, LZ4), batch(1_023, NONE)]))).toEqual(
      new Set(["lz4"]),
    );
  });

  it("finds a batch among others that compression would have made shorter", () => {
    const found = codecsOf(Buffer.concat([batch(90_000, LZ4), batch(1_024, NONE), batch(300, LZ4)]));
    expect(found).toEqual(new Set(["lz4", "none"]));
  });

  it("counts a small compressed batch, and the last one though it is cut off", () => {
    const found = codecsOf(Buffer.concat([batch(100, GZIP), batch(2_000, NONE).subarray(0, 61)]));
    expect(found).toEqual(new Set(["gzip", "none"]));
  });
});

const NONE = 0;
const GZIP = 1;
const LZ4 = 3;

/** A record batch of `size` bytes in all of which only length and attributes are set. */
function batch(size: number, attributes: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeInt32BE(size - 12, 8);
  bytes.writeInt16BE(attributes, 21);
  return bytes;
}
