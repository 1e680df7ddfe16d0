import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { memoryFolder } from "../../src/embedded/memory-folder.ts";

const ROOM_MIN_BYTES = 6 * 1024 ** 3;

/**
 * A new folder for a server's data, in memory-backed storage where there is room for it. The disk is not what the
 * benches ask about, and it remembers: on an ext4 without a journal the files that one run deletes made creating files
 * in the next one several times as dear.
 */
export function makeScratchFolder(): Promise<string> {
  return mkdtemp(join(memoryFolder(ROOM_MIN_BYTES), "millrace-bench-"));
}
