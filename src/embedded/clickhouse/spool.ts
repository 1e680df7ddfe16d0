/** Insert data on their way to the engine: one file for each insert, in memory-backed storage where there is room. */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { databaseError } from "./database-error.ts";

export type SpooledFile = { path: string; remove(): void };

export type Spool = {
  write(head: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<SpooledFile>;
  close(): void;
};

const roomMinBytes = 1024 ** 3;

/** /dev/shm unless it is missing or small: containers often give it 64 MB, less than one large insert. */
function spoolParent(): string {
  try {
    const room = statfsSync("/dev/shm");
    if (room.bavail * room.bsize >= roomMinBytes) return "/dev/shm";
  } catch {
    // No such file system here (macOS).
  }
  return tmpdir();
}

/** The spool folder of a data directory. */
export function spoolFolder(dataDir: string): string {
  const key = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return join(spoolParent(), `millrace-clickhouse-${key}`);
}

/**
 * Opens the spool of a data directory. Its name derives from that directory, which one process at a time can hold, so
 * what a killed process left behind is found and removed here.
 */
export function openSpool(dataDir: string): Spool {
  const folder = spoolFolder(dataDir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const room = statfsSync(folder);
  // Half of the free room for all open inserts: in /dev/shm it is memory that queries need too.
  const heldBytesMax = (room.bavail * room.bsize) / 2;
  let heldBytes = 0;
  let count = 0;

  return {
    async write(head, rest) {
      const path = join(folder, String(count++));
      const file = openSync(path, "wx", 0o600);
      let bytes = 0;
      const remove = () => {
        rmSync(path, { force: true });
        heldBytes -= bytes;
        bytes = 0;
      };
      // Synchronous writes: into memory they cost microseconds, while the asynchronous ones go through the thread pool
      // that running queries occupy.
      const append = (chunk: Uint8Array) => {
        if (heldBytes + chunk.length > heldBytesMax) {
          const text = `Insert data on their way exceed ${heldBytesMax} bytes: send smaller inserts or fewer at a time`;
          throw databaseError("NOT_ENOUGH_SPACE", text);
        }
        heldBytes += chunk.length;
        for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done);
        bytes += chunk.length;
      };
      try {
        append(head);
        for await (const chunk of rest) append(chunk);
      } catch (error) {
        remove();
        throw error;
      } finally {
        closeSync(file);
      }
      return { path, remove };
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
