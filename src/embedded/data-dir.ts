import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../core/errors.ts";

const LOCK_FILE = "lock";

/** A data folder that this process holds alone, until it is released or the process ends. */
export interface DataDir {
  path: string;
  release(): Promise<void>;
}

/**
 * Claims a folder: creates it if need be and writes a lock file with this process' id. A lock whose process is gone is
 * taken over (kill -9 leaves one).
 *
 * @param patienceMs how long to wait for a living holder to end: the children of an instance that was killed need a
 * moment to notice it.
 * @throws MillraceError E_DATA_DIR_HELD when a living process holds it.
 */
export async function claimDataDir(path: string, patienceMs = 0): Promise<DataDir> {
  const deadlineMs = Date.now() + patienceMs;
  await mkdir(path, { recursive: true });
  const lock = join(path, LOCK_FILE);
  for (;;) {
    try {
      const file = await open(lock, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return { path, release: () => rm(lock, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder > 0 && holder !== process.pid && isAlive(holder)) {
      if (Date.now() < deadlineMs) {
        await sleep(100);
        continue;
      }
      throw new MillraceError(
        "E_DATA_DIR_HELD",
        `Cannot use ${path}: process ${holder} holds it. Stop that instance, or choose another folder (MILLRACE_DIR, --data).`,
      );
    }
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
