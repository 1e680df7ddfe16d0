import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { RESPONSE_BYTES_MAX, ResponseFrames, readerOf } from "./response-frames.ts";

const KIB = 1024;

/** A response as it goes over the wire: its size, then `byteLength` bytes that tell one response from another. */
function response(seed: number, byteLength: number): Buffer {
  const frame = Buffer.alloc(4 + byteLength);
  frame.writeInt32BE(byteLength);
  for (let index = 0; index < byteLength; index += 1) frame[4 + index] = seed + index * 7;
  return frame;
}

describe("ResponseFrames", () => {
  it("puts whole responses together however the stream is cut, and keeps nothing of the chunks", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, cuts, (byteLengths, chunkLengths) => {
        const sent = byteLengths.map((byteLength, index) => response(index, byteLength));
        const stream = Buffer.concat(sent);
        const seen: Buffer[] = [];
        const frames = new ResponseFrames(new BufferPool(() => 0), (frame) => seen.push(frame));
        const chunk = new Uint8Array(200);
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = Math.min(chunkLengths[turn % chunkLengths.length]!, stream.length - at);
          chunk.set(stream.subarray(at, at + length));
          frames.push(chunk.subarray(0, length));
          chunk.fill(0xff); // as the next read does
          at += length;
        }
        expect(seen).toEqual(sent);
      }),
    );
  });

  it("uses the memory of a response again when the last of its readers is done, and not before", () => {
    const pool = new BufferPool(() => 1024 * KIB);
    const seen: Buffer[] = [];
    const frames = new ResponseFrames(pool, (frame) => seen.push(frame));
    frames.push(response(1, 100 * KIB));
    const first = seen[0]!;
    const readers = [readerOf(first.subarray(4)), readerOf(first.subarray(50))];
    readers[0]?.();
    readers[0]?.(); // once only
    frames.push(response(2, 100 * KIB));
    expect(seen[1]?.buffer).not.toBe(first.buffer);
    expect(first).toEqual(response(1, 100 * KIB));
    readers[1]?.();
    frames.push(response(3, 100 * KIB));
    expect(seen[2]?.buffer).toBe(first.buffer);
    expect(seen[2]).toEqual(response(3, 100 * KIB));
  });

  it("knows no readers of bytes that are no response", () => {
    expect(readerOf(new Uint8Array(10))).toBeUndefined();
  });

  it.each([
    ["a negative size", -1],
    ["a size above the bound", RESPONSE_BYTES_MAX + 1],
    ["an answer in HTTP", Buffer.from("HTTP").readInt32BE()],
    ["a TLS alert", 0x15030300],
  ])("refuses %s", (_name, size) => {
    const frames = new ResponseFrames(new BufferPool(() => 0), () => expect.unreachable());
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(size);
    expect(() => frames.push(bytes)).toThrow(
      expect.objectContaining({ code: "E_KAFKA", message: expect.stringContaining("speak Kafka's protocol") }),
    );
  });
});
