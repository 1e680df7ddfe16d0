import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MillraceError } from "../core/errors.ts";
import { explainFileError } from "../core/file-error.ts";

/** Directories held by this process: its own pid in a lock file would otherwise look like a stale lock. */
const heldHere = new Set<string>();

/**
 * Takes a data directory for this process and returns the release function. Two instances on one directory would
 * write over each other's files.
 *
 * The lock file holds a pid and the process's start time, so that the lock of a killed process is not mistaken for a
 * live one when its pid is used again. Where `/proc` is missing, the pid alone decides.
 *
 * @throws MillraceError E_DATA_DIR_HELD when a live process holds it, E_CONFIG when this user cannot write there
 */
export function lockDirectory(directory: string): () => void {
  const key = makeDataFolder(directory);
  const path = join(key, "lock");
  const holder = readHolder(path);
  const isHeld = heldHere.has(key) || (holder !== undefined && holder.pid !== process.pid && isAlive(holder));
  if (isHeld) {
    throw new MillraceError(
      "E_DATA_DIR_HELD",
      `Cannot use ${directory}: process ${holder?.pid ?? process.pid} uses the directory. ` +
        "Stop that instance, or choose another directory (MILLRACE_DIR, --data).",
    );
  }
  writeFileSync(path, `${process.pid} ${startTimeOf(process.pid) ?? "-"}\n`);
  heldHere.add(key);
  return () => {
    heldHere.delete(key);
    rmSync(path, { force: true });
  };
}

/** The pid of the live process that holds a directory. */
export function holderOf(directory: string): number | undefined {
  const holder = readHolder(join(directory, "lock"));
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/**
 * Makes the directory if need be, and returns its one true path.
 *
 * @throws MillraceError E_CONFIG when this user cannot write there
 */
export function makeDataFolder(directory: string): string {
  try {
    makeFolders(resolve(directory));
    accessSync(directory, constants.W_OK | constants.X_OK);
    return realpathSync(directory);
  } catch (cause) {
    throw new MillraceError(
      "E_CONFIG",
      `Cannot use ${directory} for data: ${explainFileError(cause)}. Choose another directory (MILLRACE_DIR, --data).`,
      { cause },
    );
  }
}

/**
 * `mkdirSync` with `recursive` turns without end, deaf to every signal but SIGKILL, where the system says ENOENT although
 * the folder above is there (procfs and other virtual file systems). Each folder is asked for once here.
 */
function makeFolders(directory: string): void {
  const parent = dirname(directory);
  if (parent !== directory && !existsSync(parent)) makeFolders(parent);
  try {
    mkdirSync(directory);
  } catch (error) {
    // It was there before, or another process has made it in the meantime. A file in its place is an error.
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

interface Holder {
  pid: number;
  startTime: string;
}

function readHolder(path: string): Holder | undefined {
  try {
    const [pid, startTime] = readFileSync(path, "utf8").trim().split(" ");
    return Number(pid) > 0 ? { pid: Number(pid), startTime: startTime ?? "-" } : undefined;
  } catch {
    return undefined; // no lock file
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const startTime = startTimeOf(holder.pid);
  return startTime === undefined || holder.startTime === "-" || startTime === holder.startTime;
}

/** Field 22 of `/proc/<pid>/stat`, clock ticks since boot; the command name before it may contain spaces. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
