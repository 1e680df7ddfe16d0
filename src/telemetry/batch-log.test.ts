import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { rememberSecret } from "../core/redact.ts";
import { BatchLog } from "./batch-log.ts";

let folder: string;
let logged: { level: number; msg: string }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-batch-log-"));
  logged = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (file: string) =>
  new BatchLog(file, pino({ level: "info" }, { write: (line: string) => logged.push(JSON.parse(line)) }));

const linesOf = async (file: string) =>
  (await readFile(file, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

it("appends lines in their order, with their time and without secrets", async () => {
  const file = join(folder, "batches.ndjson");
  rememberSecret("hunter2-hunter2");
  const first = open(file);
  first.note({ event: "started" });
  first.note({ event: "ended", error: "the password hunter2-hunter2 is wrong" });
  await first.close();
  const second = open(file);
  second.note({ event: "started" });
  await second.close();
  expect(await linesOf(file)).toEqual([
    { at: expect.stringMatching(/^\d{4}-.*Z$/), event: "started" },
    { at: expect.any(String), event: "ended", error: "the password [redacted] is wrong" },
    { at: expect.any(String), event: "started" },
  ]);
});

it("goes on in a new file when the old one is moved away", async () => {
  const file = join(folder, "batches.ndjson");
  const log = open(file);
  log.note({ event: "progress", bundle: 1 });
  await expect.poll(() => linesOf(file), { timeout: 20_000 }).toHaveLength(1);
  await rename(file, `${file}.1`);
  log.note({ event: "progress", bundle: 2 });
  await log.close();
  expect(await linesOf(file)).toMatchObject([{ bundle: 2 }]);
});

it("keeps lines while the disk takes none, and says so once", async () => {
  const file = join(folder, "later", "batches.ndjson");
  const log = open(file);
  log.note({ bundle: 1 });
  await expect.poll(() => logged.length, { timeout: 20_000 }).toBe(1);
  log.note({ bundle: 2 });
  await mkdir(join(folder, "later"));
  await log.close();
  expect(await linesOf(file)).toMatchObject([{ bundle: 1 }, { bundle: 2 }]);
  expect(logged.map(({ level, msg }) => [level, msg.slice(file.length)])).toEqual([
    [40, ": lines of the batch log wait to be written"],
    [30, ": written again; 0 lines were dropped since the start"],
  ]);
});

it("drops the oldest lines of a full disk, counts them, and never throws", async () => {
  const log = open("/dev/full");
  for (let bundle = 0; bundle < 5_100; bundle += 1) log.note({ bundle });
  await log.close();
  expect(log.dropped).toBe(100);
  expect(logged.map(({ msg }) => msg)).toEqual([
    "/dev/full: lines of the batch log wait to be written",
    "/dev/full: 5000 lines could not be written",
  ]);
});
