import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSpool, type Spool, type SpooledFile, spoolFolder } from "./spool.ts";

const mebibyte = 1024 ** 2;

let dataDir: string;
let spool: Spool;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-spool-"));
  spool = openSpool(dataDir, { heldBytesMax: 8 * mebibyte });
});

afterEach(async () => {
  spool.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Spools chunks of the given sizes, each filled with `value`. */
function write(value: number, ...sizes: number[]) {
  return spool.write(async (append) => {
    for (const size of sizes) append(new Uint8Array(size).fill(value));
  });
}

/** One comparison: an assertion on megabytes takes seconds. */
async function holds(file: SpooledFile, length: number, value: number): Promise<boolean> {
  return Buffer.alloc(length, value).equals(await readFile(file.path));
}

async function files(): Promise<string[]> {
  return (await readdir(spoolFolder(dataDir))).sort();
}

describe("the spool", () => {
  it("writes a shorter insert over a longer one under another path, without the longer one's rest", async () => {
    const long = await write(1, 2 * mebibyte, 1 * mebibyte, 5);
    expect(await holds(long, 3 * mebibyte + 5, 1)).toBe(true);
    long.remove();
    expect(await files()).toEqual(["0"]);
    const shorter = await write(2, 1 * mebibyte, 7);
    expect(await files()).toEqual(["1"]);
    expect(await holds(shorter, 1 * mebibyte + 7, 2)).toBe(true);
    shorter.remove();
    const longer = await write(3, 4 * mebibyte);
    expect(await holds(longer, 4 * mebibyte, 3)).toBe(true);
  });

  it("never gives one file to two inserts, even if one is removed twice", async () => {
    const first = await write(1, 2 * mebibyte);
    first.remove();
    first.remove();
    const [second, third] = await Promise.all([write(2, 2 * mebibyte), write(3, 2 * mebibyte)]);
    expect(await holds(second, 2 * mebibyte, 2)).toBe(true);
    expect(await holds(third, 2 * mebibyte, 3)).toBe(true);
  });

  it("keeps no file of a short insert and leaves the long ones' files alone", async () => {
    const empty = await write(1);
    expect(await readFile(empty.path)).toHaveLength(0);
    empty.remove();
    const long = await write(1, 2 * mebibyte);
    long.remove();
    const short = await write(2, 10);
    expect(await holds(short, 10, 2)).toBe(true);
    short.remove();
    expect(await files()).toEqual(["1"]);
  });

  it("removes the file of an insert that breaks off, also one that it took over", async () => {
    (await write(1, 2 * mebibyte)).remove();
    const broken = spool.write(async (append) => {
      append(new Uint8Array(mebibyte));
      throw new Error("the client left");
    });
    await expect(broken).rejects.toThrow("the client left");
    expect(await files()).toEqual([]);
  });

  it("gives up kept files before it refuses an insert with code 243, and counts what is free again", async () => {
    for (let round = 0; round < 3; round++) {
      const both = await Promise.all([write(1, 3 * mebibyte), write(2, 3 * mebibyte)]);
      for (const file of both) file.remove();
      expect(await files()).toHaveLength(2);
      const whole = await write(3, mebibyte, 7 * mebibyte);
      expect(await files()).toHaveLength(1);
      await expect(write(4, 1)).rejects.toMatchObject({ databaseCode: 243 });
      whole.remove();
      await expect(write(5, 8 * mebibyte, 1)).rejects.toMatchObject({ databaseCode: 243 });
      expect(await files()).toEqual([]);
    }
  });

  it("removes everything when it closes, also what comes back afterwards", async () => {
    const open = await write(1, 2 * mebibyte);
    (await write(2, 2 * mebibyte)).remove();
    spool.close();
    open.remove();
    await expect(readdir(spoolFolder(dataDir))).rejects.toThrow("ENOENT");
  });
});
