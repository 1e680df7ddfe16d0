import { expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { BatchBuffers } from "./batch-buffers.ts";

const KIB = 1024;

it("copies batches into buffers of the pool, none across two of them", () => {
  const pool = new BufferPool(() => 8 * 1024 * KIB);
  // What the pool has may be longer than what is asked for.
  pool.give(new ArrayBuffer(400 * KIB));
  const buffers = new BatchBuffers(pool);
  const lengths = [10 * KIB, 50 * KIB, 10 * KIB, 250 * KIB, 1, 700 * KIB, 100 * KIB, 200 * KIB];
  // The memory that every batch comes in.
  const response = new Uint8Array(Math.max(...lengths));
  const placed = lengths.map((length, index) => {
    const place = buffers.copy(response.fill(index).subarray(0, length));
    response.fill(0xff);
    return { ...place, length };
  });
  const taken = buffers.take();
  for (const [index, { buffer, start, length }] of placed.entries()) {
    expect(Buffer.compare(new Uint8Array(taken[buffer]!, start, length), Buffer.alloc(length, index))).toBe(0);
  }
  expect(pool.reused).toBe(1);
  expect(buffers.take()).toEqual([]);
});

it("begins again in buffers of its own: those before may be on their way to a worker", () => {
  const buffers = new BatchBuffers(new BufferPool(() => 8 * 1024 * KIB));
  buffers.copy(Uint8Array.of(1));
  const first = buffers.take();
  expect(buffers.copy(Uint8Array.of(9))).toEqual({ buffer: 0, start: 0 });
  const second = buffers.take();
  expect(first).not.toContain(second[0]);
  expect(new Uint8Array(first[0]!, 0, 1)).toEqual(Uint8Array.of(1));
});
