import { describe, expect, it } from "vitest";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  COMPRESSION_GZIP,
  COMPRESSION_LZ4,
  COMPRESSION_NONE,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
} from "../../core/record-batch-header.ts";
import { codecsOf } from "./stored-codec.ts";

describe("codecsOf()", () => {
  it("passes over a small batch that librdkafka did not compress", () => {
    expect(
      codecsOf(
        Buffer.concat([batch(200, COMPRESSION_NONE), batch(5_000, COMPRESSION_LZ4), batch(1_023, COMPRESSION_NONE)]),
      ),
    ).toEqual(new Set(["lz4"]));
  });

  it("finds a batch among others that compression would have made shorter", () => {
    const found = codecsOf(
      Buffer.concat([batch(90_000, COMPRESSION_LZ4), batch(1_024, COMPRESSION_NONE), batch(300, COMPRESSION_LZ4)]),
    );
    expect(found).toEqual(new Set(["lz4", "none"]));
  });

  it("counts a small compressed batch, and the last one though it is cut off", () => {
    const found = codecsOf(
      Buffer.concat([batch(100, COMPRESSION_GZIP), batch(2_000, COMPRESSION_NONE).subarray(0, BATCH_HEADER_BYTES)]),
    );
    expect(found).toEqual(new Set(["gzip", "none"]));
  });
});

/** A record batch of `size` bytes in all of which only length and attributes are set. */
function batch(size: number, attributes: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeInt32BE(size - LENGTH_EXCLUDES_BYTES, LENGTH_AT);
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  return bytes;
}
