import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { memoryFolder } from "../../embedded/memory-folder.ts";

const ROOM_MIN_BYTES = 4 * 1024 ** 3;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Small limits: many short ranges, several at once, so that a fault at any moment finds some of them on their way. */
const limits = {
  flushRows: 300,
  flushBytes: 256 * KIB,
  flushIntervalMs: 300,
  workers: 1,
  insertsMax: 3,
  bytesMax: 64 * MIB,
  insertFormat: "native",
  simulatorEventsPerSecond: 1_000,
};

/** A folder for all data and logs of a run, in memory where there is room; with the profiles that the ingesters use. */
export async function makeRunFolder(): Promise<string> {
  const folder = await mkdtemp(join(memoryFolder(ROOM_MIN_BYTES), "millrace-chaos-"));
  const profiles = { low: limits, mid: limits, high: limits };
  await writeFile(join(folder, "2.json"), JSON.stringify({ vcpus: 2, measured: null, profiles }));
  return folder;
}

/** Of all lives of one ingester. */
export function ingesterLog(folder: string, index: number): string {
  return join(folder, `ingester-${index}.log`);
}
