import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimDataDir } from "./data-dir.ts";

describe("claimDataDir()", () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "millrace-lock-"));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  it("refuses a folder that a living process holds, and names it", async () => {
    const holder = spawn("sleep", ["30"]);
    await writeFile(join(path, "lock"), String(holder.pid));
    await expect(claimDataDir(path)).rejects.toThrow(`process ${holder.pid} holds it`);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const dir = await claimDataDir(path);
    expect(await readFile(join(path, "lock"), "utf8")).toBe(String(process.pid));
    await dir.release();
    await expect(readFile(join(path, "lock"))).rejects.toThrow("ENOENT");
  });

  it("takes over an empty or unreadable lock", async () => {
    await writeFile(join(path, "lock"), "");
    await (await claimDataDir(path)).release();
  });
});
