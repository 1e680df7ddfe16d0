import { describe, expect, it } from "vitest";
import { BufferPool, pooledLength } from "./buffer-pool.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

describe("BufferPool", () => {
  it("hands out the shortest buffer that fits, each once", () => {
    const pool = new BufferPool(() => 16 * MIB);
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
    const pool = new BufferPool(() => 16 * MIB);
    pool.give(new ArrayBuffer(3 * MIB));
    expect(pool.takeFree(1.4 * MIB)).toBeUndefined();
    expect(pool.takeFree(1.5 * MIB)?.byteLength).toBe(3 * MIB);
  });

  it("never holds more than its bound, and drops what lay longest", () => {
    const pool = new BufferPool(() => 4 * MIB);
    const buffers = [1, 2, 1.5, 3].map((mebibytes) => new ArrayBuffer(mebibytes * MIB));
    for (const buffer of buffers) {
      pool.give(buffer);
      expect(pool.freeBytes).toBeLessThanOrEqual(4 * MIB);
    }
    expect(pool.takeFree(2 * MIB)).toBe(buffers[3]);
    pool.give(new ArrayBuffer(5 * MIB));
    expect(pool.freeBytes).toBe(0);
  });

  it("gives way to new buffers when its bound has become lower", () => {
    let room = 4 * MIB;
    const pool = new BufferPool(() => room);
    for (let count = 0; count < 4; count += 1) pool.give(new ArrayBuffer(MIB));
    room = 3 * MIB;
    expect(pool.take(MIB).byteLength).toBe(MIB);
    expect(pool.freeBytes).toBe(3 * MIB);
    expect(pool.take(2.5 * MIB).byteLength).toBe(pooledLength(2.5 * MIB));
    expect(pool.freeBytes).toBe(0);
  });

  it("frees at once what it does not keep: small buffers, those without room, and those that give way", () => {
    const pool = new BufferPool(() => MIB);
    const [small, large, older, newer] = [1_000, 2 * MIB, MIB / 2, MIB].map((length) => new ArrayBuffer(length));
    for (const buffer of [small, large, older, newer]) pool.give(buffer!);
    expect([small, large, older, newer].map((buffer) => buffer!.detached)).toEqual([true, true, true, false]);
    expect(pool.freeBytes).toBe(MIB);
  });

  it("is trimmed on demand", () => {
    const pool = new BufferPool(() => 8 * MIB);
    for (let count = 0; count < 8; count += 1) pool.give(new ArrayBuffer(MIB));
    pool.trimTo(2.5 * MIB);
    expect(pool.freeBytes).toBe(2 * MIB);
  });

  it("does not count small buffers", () => {
    const pool = new BufferPool(() => MIB);
    expect(pool.take(1_000).byteLength).toBe(1_000);
    expect(pool.taken).toBe(0);
  });

  it("makes new buffers a little longer than asked, so that the next one fits too", () => {
    expect(pooledLength(2 * MIB)).toBeGreaterThan(2.2 * MIB);
    expect(pooledLength(2 * MIB)).toBeLessThan(2.4 * MIB);
  });

  it("gives all large needs buffers of one length, up to a bound, and each of them to each need", () => {
    const pool = new BufferPool(() => 100 * MIB);
    const lengths = [4, 10, 29].map((mebibytes) => pool.take(mebibytes * MIB).byteLength);
    expect(new Set(lengths).size).toBe(1);
    expect(pooledLength(40 * MIB)).toBeGreaterThan(44 * MIB);
    const large = pool.take(29 * MIB);
    pool.give(large);
    expect(pool.takeFree(3 * MIB)).toBeUndefined();
    expect(pool.takeFree(5 * MIB)).toBe(large);
  });
});
