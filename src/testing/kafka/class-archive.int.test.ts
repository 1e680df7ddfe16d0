import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classArchive, classArchiveFile } from "./class-archive.ts";
import { realKafka } from "./real-kafka.ts";
import { TOOL_JVM } from "./start-real-kafka.ts";

const kafka = await realKafka();
if (!kafka.available) process.stderr.write(`skipped: ${kafka.reason}\n`);

const UUID_ALONE = /^[\w-]{22}\n$/;

describe.skipIf(!kafka.available)("classArchive()", () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "millrace-classes-"));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  /** A short program of Kafka's; all that it and the JVM print. */
  async function printed(options: readonly string[]): Promise<string> {
    if (!kafka.available) throw new Error(kafka.reason);
    const program = ["-cp", kafka.classpath, "kafka.tools.StorageTool", "random-uuid"];
    const { stdout } = await promisify(execFile)(kafka.java, [...TOOL_JVM, ...options, ...program]);
    return stdout;
  }

  it("is written by the first program, and mapped by the next", async () => {
    const file = join(home, "cache", "classes.jsa");
    const first = classArchive(file, home);
    expect(first.isRecorded).toBe(true);
    expect(await printed(first.options)).toMatch(UUID_ALONE);
    await first.keep();
    const next = classArchive(file, home);
    expect(next.isRecorded).toBe(false);
    // The JVM ends with an error when it cannot map what it was given.
    expect(await printed([...next.options, "-Xshare:on"])).toMatch(UUID_ALONE);
  });

  it("is passed over in silence when it is none, or missing", async () => {
    const file = join(home, "no.jsa");
    await writeFile(file, "no archive");
    const { options } = classArchive(file, home);
    expect(await printed(options)).toMatch(UUID_ALONE);
    await rm(file);
    expect(await printed(options)).toMatch(UUID_ALONE);
    await expect(printed([...options, "-Xshare:on"])).rejects.toThrow();
  });

  it("is not there when the program did not end in order", async () => {
    const file = join(home, "killed.jsa");
    await rm(join(home, "classes.jsa"), { force: true });
    await classArchive(file, home).keep();
    expect(existsSync(file)).toBe(false);
  });
});

describe("classArchiveFile()", () => {
  it("is another one for another Java, and for other jars", () => {
    const files = [
      classArchiveFile("/c", "17", "/a/*"),
      classArchiveFile("/c", "21", "/a/*"),
      classArchiveFile("/c", "17", "/b/*"),
    ];
    expect(new Set(files).size).toBe(3);
  });
});
