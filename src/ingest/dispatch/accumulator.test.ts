import { describe, expect, it } from "vitest";
import { batchesOf } from "../../codec/task-buffers.ts";
import { BufferPool } from "../../core/buffer-pool.ts";
import { Accumulator } from "./accumulator.ts";
import { taskOf } from "./worker-pool.ts";

const KIB = 1024;

/** Adds batches of these lengths, one record each; batch `n` is full of the byte `n`. Returns copies of what was added. */
function addAll(accumulator: Accumulator, byteLengths: number[]): Uint8Array[] {
  const response = new Uint8Array(Math.max(...byteLengths)); // the memory that every batch comes in
  return byteLengths.map((byteLength, offset) => {
    const bytes = response.subarray(0, byteLength).fill(offset);
    accumulator.add(
      {
        topic: "t",
        partition: 0,
        fetchOffset: offset,
        baseOffset: offset,
        lastOffset: offset,
        recordCount: 1,
        bytes,
        receivedMs: offset,
      },
      0,
    );
    const copy = bytes.slice();
    response.fill(0xff);
    return copy;
  });
}

describe("Accumulator", () => {
  it("copies batches into buffers of the pool, none across two of them, as a worker will read them", () => {
    const pool = new BufferPool(() => 8 * 1024 * KIB);
    // What the pool has may be longer than what is asked for.
    pool.give(new ArrayBuffer(400 * KIB));
    const accumulator = new Accumulator({ topic: "t", partition: 0, offset: 0, intents: [] }, pool);
    const added = addAll(accumulator, [10 * KIB, 50 * KIB, 10 * KIB, 250 * KIB, 1, 700 * KIB, 100 * KIB, 200 * KIB]);
    const task = taskOf(accumulator.cut(0)!, "plan@1", "rows");
    expect(batchesOf(task).map((bytes) => Buffer.compare(bytes, added[bytes[0]!]!))).toEqual(added.map(() => 0));
    expect(task.batches.map(({ receivedMs }) => receivedMs)).toEqual([...added.keys()]);
    expect(pool.reused).toBe(1);
    expect(accumulator.cut(0)).toBeUndefined();
  });

  it("begins each range in buffers of its own: those of the last one may be on their way to a worker", () => {
    const accumulator = new Accumulator(
      { topic: "t", partition: 0, offset: 0, intents: [] },
      new BufferPool(() => 8 * 1024 * KIB),
    );
    addAll(accumulator, [100, 100]);
    const first = accumulator.cut(0)!;
    accumulator.add(
      {
        topic: "t",
        partition: 0,
        fetchOffset: 2,
        baseOffset: 2,
        lastOffset: 2,
        recordCount: 1,
        bytes: Uint8Array.of(9),
        receivedMs: 0,
      },
      0,
    );
    const second = accumulator.cut(0)!;
    expect(second.buffers).toHaveLength(1);
    expect(first.buffers).not.toContain(second.buffers[0]);
    expect(new Uint8Array(first.buffers[0]!, 200, 1)).toEqual(Uint8Array.of(0));
    expect(new Uint8Array(second.buffers[0]!, 0, 1)).toEqual(Uint8Array.of(9));
  });
});
