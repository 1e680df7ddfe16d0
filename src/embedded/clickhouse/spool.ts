/** Insert data on their way to the engine: one file for each insert, in memory-backed storage where there is room. */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { memoryFolder } from "../memory-folder.ts";
import { databaseError } from "./database-error.ts";

export type SpooledFile = { path: string; remove(): void };

export type Spool = {
  /**
   * Writes what `fill` appends. Throws what `fill` throws, and code 243 when there is no room; no file of it is left
   * then.
   */
  write(fill: (append: (bytes: Uint8Array) => void) => Promise<void>): Promise<SpooledFile>;
  close(): void;
};

/** `length` bytes of the file are there, `written` of them belong to the present insert. */
type SpoolFile = { path: string; descriptor: number; length: number; written: number };

// Many large inserts at a time.
const roomMinBytes = 1024 ** 3;
// As many as queries run at a time by default: more inserts than that are seldom between their first byte and their end.
const sparesMax = 4;
const spareBytesMin = 1024 ** 2;
const spareBytesMax = 64 * 1024 ** 2;
const spareIdleMs = 5_000;
// A long body fills the receive buffer before its insert is looked at; what begins with less is taken for a short one.
const longStartBytes = 16 * 1024;

/** The spool folder of a data directory. */
export function spoolFolder(dataDir: string): string {
  const key = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return join(memoryFolder(roomMinBytes), `millrace-clickhouse-${key}`);
}

/**
 * Opens the spool of a data directory. Its name derives from that directory, which one process at a time can hold, so
 * what a killed process left behind is found and removed here.
 *
 * The files of the last few long inserts are kept for a few seconds and written over by the next ones: in a file in memory,
 * getting and clearing its pages costs more than filling them does. Each insert renames the file that it takes over,
 * because the engine caches what it knows of a file by its path.
 *
 * `heldBytesMax` bounds what all files hold together; default: half of the free room.
 */
export function openSpool(dataDir: string, options: { heldBytesMax?: number } = {}): Spool {
  const folder = spoolFolder(dataDir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const room = statfsSync(folder);
  // Half of the free room for all files: in /dev/shm it is memory that queries need too.
  const heldBytesMax = options.heldBytesMax ?? (room.bavail * room.bsize) / 2;
  let heldBytes = 0;
  let count = 0;
  let isClosed = false;
  const spares: SpoolFile[] = [];
  let idleTimer: NodeJS.Timeout | undefined;

  function discard(file: SpoolFile): void {
    closeSync(file.descriptor);
    rmSync(file.path, { force: true });
    heldBytes -= file.length;
  }

  function discardSpares(): void {
    for (const file of spares.splice(0)) discard(file);
  }

  function take(isLong: boolean): SpoolFile {
    const path = join(folder, String(count++));
    const spare = isLong ? spares.pop() : undefined;
    if (spare === undefined) return { path, descriptor: openSync(path, "wx", 0o600), length: 0, written: 0 };
    renameSync(spare.path, path);
    return { ...spare, path, written: 0 };
  }

  function giveBack(file: SpoolFile): void {
    const isWorthKeeping = file.length >= spareBytesMin && file.length <= spareBytesMax;
    if (isClosed || !isWorthKeeping || spares.length >= sparesMax) {
      discard(file);
      return;
    }
    spares.push(file);
    clearTimeout(idleTimer);
    idleTimer = setTimeout(discardSpares, spareIdleMs).unref();
  }

  // Synchronous writes: into memory they cost microseconds, while the asynchronous ones go through the thread pool that
  // running queries occupy.
  function append(file: SpoolFile, chunk: Uint8Array): void {
    const end = file.written + chunk.length;
    const growth = Math.max(0, end - file.length);
    if (heldBytes + growth > heldBytesMax) discardSpares();
    if (heldBytes + growth > heldBytesMax) {
      const text = `Insert data on their way exceed ${heldBytesMax} bytes: send smaller inserts or fewer at a time`;
      throw databaseError("NOT_ENOUGH_SPACE", text);
    }
    heldBytes += growth;
    file.length += growth;
    for (let done = 0; done < chunk.length; ) {
      done += writeSync(file.descriptor, chunk, done, chunk.length - done, file.written + done);
    }
    file.written = end;
  }

  return {
    async write(fill) {
      let file: SpoolFile | undefined;
      try {
        await fill((chunk) => {
          if (chunk.length === 0) return;
          file ??= take(chunk.length >= longStartBytes);
          append(file, chunk);
        });
        file ??= take(false);
        if (file.length > file.written) ftruncateSync(file.descriptor, file.written);
      } catch (error) {
        if (file !== undefined) discard(file);
        throw error;
      }
      heldBytes -= file.length - file.written;
      file.length = file.written;
      const spooled = file;
      let isRemoved = false;
      const remove = () => {
        if (isRemoved) return;
        isRemoved = true;
        giveBack(spooled);
      };
      return { path: spooled.path, remove };
    },
    close() {
      isClosed = true;
      clearTimeout(idleTimer);
      discardSpares();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
