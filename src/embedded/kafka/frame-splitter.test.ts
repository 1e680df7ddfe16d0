import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_MAX, FrameSplitter } from "./frame-splitter.ts";

function framed(content: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(content.length);
  return Buffer.concat([prefix, content]);
}

describe("FrameSplitter", () => {
  it("gives the same frames however the stream is cut", () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(contents, cuts, (frames, sizes) => {
        const stream = Buffer.concat(frames.map(framed));
        const splitter = new FrameSplitter();
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          seen.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(seen.map((frame) => frame.toString("hex"))).toEqual(
          frames.map((frame) => Buffer.from(frame).toString("hex")),
        );
      }),
    );
  });

  it.each([-1, FRAME_BYTES_MAX + 1])("refuses a length of %i", (length) => {
    const prefix = Buffer.alloc(4);
    prefix.writeInt32BE(length);
    expect(() => new FrameSplitter().push(prefix)).toThrow(/Cannot read a Kafka request/);
  });
});
