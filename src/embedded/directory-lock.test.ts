import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "./directory-lock.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-lock-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("lockDirectory()", () => {
  it("refuses a second holder in the same process until the first lets go", () => {
    const release = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(/uses the directory/);
    release();
    lockDirectory(directory)();
  });

  it("refuses while another process that is alive holds it", () => {
    writeFileSync(join(directory, "lock"), `${process.ppid} -\n`);
    expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: "E_DATA_DIR_HELD" }));
  });

  it("takes over the lock of a process that is gone, or whose pid another process has now", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(join(directory, "lock"), `${pid} 1\n`);
    lockDirectory(directory)();
    writeFileSync(join(directory, "lock"), `${process.ppid} 1\n`);
    lockDirectory(directory)();
  });
});
