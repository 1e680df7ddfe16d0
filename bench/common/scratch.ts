import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { memoryFolder } from "../../src/embedded/memory-folder.ts";

const ROOM_MIN_BYTES = 6 * 1024 ** 3;

/**
 * Makes a new folder for a server's data. It lies in memory-backed storage if 6 GiB are free there, otherwise on disk.
 *
 * The benches do not measure the disk, and a disk would carry effects from one run into the next: on an ext4 file system
 * without a journal, creating files took several times as long after an earlier run had deleted its own.
 */
export function makeScratchFolder(): Promise<string> {
  return mkdtemp(join(memoryFolder(ROOM_MIN_BYTES), "millrace-bench-"));
}
