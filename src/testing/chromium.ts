import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Debian's. */
const executablePath = "/usr/bin/chromium";

/** Whether a browser is here. In CI its absence is an error. */
export function hasChromium(): boolean {
  const isThere = existsSync(executablePath);
  if (!isThere && process.env.CI !== undefined) {
    throw new Error("chromium is not installed, and CI needs it (Debian: apt-get install chromium)");
  }
  if (!isThere) console.warn("skipped with chromium: it is not installed (Debian: apt-get install chromium)");
  return isThere;
}

/** Without a window, and without what a browser asks of the network by itself. */
export function openChromium(): Promise<Browser> {
  const quiet = ["background-networking", "component-update", "sync", "quic", "gpu"].map((name) => `--disable-${name}`);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...quiet] });
}
