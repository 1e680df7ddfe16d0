import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Most of what a starting Kafka costs is loading and verifying its classes. A JVM can write those that it has loaded into
 * an archive when it ends, and the next one maps them from there (class data sharing): a server starts in half the time.
 * The JVM takes no archive that was made by another Java or from other jars, and starts without it.
 */
export interface ClassArchive {
  /** What the JVM is given. */
  readonly options: readonly string[];
  /** The JVM writes the archive at its end, which takes seconds more. */
  readonly isRecorded: boolean;
  /** To be called when the JVM has ended in order: keeps what it has written. */
  keep(): Promise<void>;
}

/** Where the archive of this Java and these jars is, whether it has been made or not. */
export function classArchiveFile(cacheDir: string, javaVersion: string, classpath: string): string {
  const key = createHash("sha256").update(`${javaVersion}\n${classpath}`).digest("hex").slice(0, 16);
  return join(cacheDir, `kafka-classes-${key}.jsa`);
}

/** Options that use the archive; the JVM is told to say nothing of one that does not fit, as it would on standard output. */
export function useClassArchive(file: string): string[] {
  return [`-XX:SharedArchiveFile=${file}`, "-Xlog:disable"];
}

/**
 * The archive, or orders to write it into `workDir`. Of servers that run at the same time while there is none, each writes
 * its own, and the last rename wins: a JVM that has mapped the one before keeps it.
 */
export function classArchive(file: string, workDir: string): ClassArchive {
  if (existsSync(file)) return { options: useClassArchive(file), isRecorded: false, keep: async () => {} };
  const recorded = join(workDir, "classes.jsa");
  return {
    options: [`-XX:ArchiveClassesAtExit=${recorded}`, "-Xlog:disable"],
    isRecorded: true,
    async keep() {
      // The work folder may be on another disk, which a rename cannot cross.
      const copy = `${file}.${randomUUID()}`;
      try {
        await mkdir(dirname(file), { recursive: true });
        await copyFile(recorded, copy);
        await rename(copy, file);
      } catch {
        // The JVM was killed and has written none, or the cache cannot be written: the next server starts slowly, too.
        await rm(copy, { force: true });
      }
      await rm(recorded, { force: true });
    },
  };
}
