import { describe, expect, it } from "vitest";
import { BufferPool, pooledLength } from "./buffer-pool.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("BufferPool", () => {
  it("hands out the shortest buffer that fits, each once", () => {
    const pool = new BufferPool(16 * MIB);
    const [small, large] = [new ArrayBuffer(MIB), new ArrayBuffer(1.5 * MIB)];
    pool.give(large);
    pool.give(small);
    expect(pool.take(900 * KIB)).toBe(small);
    expect(pool.take(900 * KIB)).toBe(large);
    const fresh = pool.take(900 * KIB);
    expect(fresh.byteLength).toBe(pooledLength(900 * KIB));
    expect([pool.taken, pool.reused, pool.freeBytes]).toEqual([3, 2, 0]);
  });

  it("does not spend a long buffer on a short need", () => {
    const pool = new BufferPool(16 * MIB);
    pool.give(new ArrayBuffer(4 * MIB));
    expect(pool.takeFree(1.9 * MIB)).toBeUndefined();
    expect(pool.takeFree(2 * MIB)?.byteLength).toBe(4 * MIB);
  });

  it("never holds more than its bound, drops what lay longest, and tells every change", () => {
    let told = 0;
    const pool = new BufferPool(4 * MIB, (change) => {
      told += change;
    });
    const buffers = [1, 2, 1.5, 3].map((mebibytes) => new ArrayBuffer(mebibytes * MIB));
    for (const buffer of buffers) {
      pool.give(buffer);
      expect(pool.freeBytes).toBeLessThanOrEqual(4 * MIB);
      expect(told).toBe(pool.freeBytes);
    }
    expect(pool.takeFree(2 * MIB)).toBe(buffers[3]);
    expect(told).toBe(0);
    pool.give(new ArrayBuffer(5 * MIB));
    expect(pool.freeBytes).toBe(0);
  });

  it("leaves small buffers to the garbage collector", () => {
    const pool = new BufferPool(MIB);
    pool.give(new ArrayBuffer(1_000));
    expect(pool.freeBytes).toBe(0);
    expect(pool.take(1_000).byteLength).toBe(1_000);
    expect(pool.taken).toBe(0);
  });

  it("makes new buffers a little longer than asked, so that the next one fits too", () => {
    expect(pooledLength(10 * MIB)).toBeGreaterThan(11 * MIB);
    expect(pooledLength(10 * MIB)).toBeLessThan(12 * MIB);
  });
});
