import { readFile } from "node:fs/promises";

const POLL_MS = 500;
const KIB = 1_024;

/** Resident memory of a process over time, bytes. Linux only: elsewhere there are no samples. */
export interface MemoryWatch {
  readonly samples: readonly { atMs: number; rssBytes: number }[];
  stop(): void;
}

export function watchMemory(pid: number): MemoryWatch {
  const samples: { atMs: number; rssBytes: number }[] = [];
  const timer = setInterval(async () => {
    const atMs = Date.now();
    const rssBytes = await readRssBytes(pid);
    if (rssBytes !== undefined) samples.push({ atMs, rssBytes });
  }, POLL_MS);
  return { samples, stop: () => clearInterval(timer) };
}

async function readRssBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const text = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
  return text === undefined ? undefined : Number(text) * KIB;
}

/** The highest value of a time span; 0 without samples. */
export function peakBytes(watch: MemoryWatch, fromMs: number, toMs: number): number {
  const within = watch.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  return within.reduce((peak, { rssBytes }) => Math.max(peak, rssBytes), 0);
}

export function mib(bytes: number): string {
  return `${Math.round(bytes / KIB / KIB)} MiB`;
}
