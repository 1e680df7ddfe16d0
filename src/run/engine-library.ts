import { createRequire } from "node:module";
import { MillraceError } from "../core/errors.ts";

/** chdb's library for this platform: a package of its own, which npm installs where its os, cpu and libc fit. */
const libraries: Record<string, string> = {
  "darwin-arm64": "@chdb/lib-darwin-arm64",
  "darwin-x64": "@chdb/lib-darwin-x64",
  "linux-arm64": "@chdb/lib-linux-arm64-gnu",
  "linux-x64": "@chdb/lib-linux-x64-gnu",
};

/**
 * Why the embedded ClickHouse cannot run here, and what to do; undefined when it can.
 *
 * @param platform `process.platform` and `process.arch`, such as linux-x64.
 */
export function engineFault(platform: string, isInstalled: (name: string) => boolean): string | undefined {
  const library = libraries[platform];
  if (library !== undefined && isInstalled(library)) return undefined;
  const servers = "name real servers with KAFKA_BROKERS and CLICKHOUSE_URL: everything else runs here";
  if (platform.startsWith("win32")) {
    return `There is no embedded ClickHouse for Windows. Use WSL 2, or ${servers}`;
  }
  const there = "it is made for macOS and for Linux with glibc, on x64 and arm64";
  if (library === undefined) return `There is no embedded ClickHouse for ${platform}: ${there}. Do ${servers}`;
  return (
    `The embedded ClickHouse's library ${library} is not installed: ${there}; npm leaves it out on a Linux with musl ` +
    `(Alpine), and with --omit=optional. Run npm ci anew on such a system, or ${servers}`
  );
}

/** @throws MillraceError E_CONFIG where there is no embedded ClickHouse: at once, before anything is started. */
export function requireEngine(): void {
  const { resolve } = createRequire(import.meta.url);
  const isInstalled = (name: string) => {
    try {
      // Its packages are found from chdb, not from here.
      createRequire(resolve("chdb")).resolve(name);
      return true;
    } catch {
      return false;
    }
  };
  const fault = engineFault(`${process.platform}-${process.arch}`, isInstalled);
  if (fault !== undefined) throw new MillraceError("E_CONFIG", fault);
}
