import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

  it("makes the folders above it too", () => {
    lockDirectory(join(directory, "a", "b"))();
  });

  it("refuses a file in the folder's place, and one above it", () => {
    writeFileSync(join(directory, "file"), "");
    expect(() => lockDirectory(join(directory, "file"))).toThrow(/it is a file, not a folder/);
    expect(() => lockDirectory(join(directory, "file", "data"))).toThrow(/a part of the path is a file/);
  });

  // In a process of its own: the fault was a loop that nothing but SIGKILL ended.
  it.runIf(existsSync("/proc/self"))("refuses a folder that cannot be made in one that is there, at once", () => {
    const script = `import { lockDirectory } from "./src/run/directory-lock.ts";
      try { lockDirectory("/proc/millrace/data"); } catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 10_000,
      killSignal: "SIGKILL",
    });
    expect(stdout).toMatch(/^E_CONFIG Cannot use \/proc\/millrace\/data for data: there is no such folder/);
  });
});
