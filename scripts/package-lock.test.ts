import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}
type Lock = Record<string, LockedPackage>;

const lockFile = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(lockFile, "utf8")).packages as Lock;

/**
 * `npm ci` refuses a lock that lacks one binary of a foreign platform. npm writes only those that its registry has, so
 * a lock made where some are missing is refused where they are not, and the other way round; an entry that is there is
 * never looked up on a foreign platform. So an entry that npm left out is written by hand (version, os, cpu, libc); the
 * three `@chdb/lib-…` without `integrity` are such entries.
 */
describe("package-lock.json", () => {
  it("has each binary of each platform that a package names", () => {
    const missing = unlockedDependencies(lock);
    expect(missing, "write these into package-lock.json by hand, as @chdb/lib-darwin-arm64 stands there").toEqual([]);
  });

  it("is found out when it lacks the binary of another platform", () => {
    const { "node_modules/@chdb/lib-darwin-arm64": _left, ...rest } = lock;
    expect(unlockedDependencies(rest)).toEqual(["@chdb/lib-darwin-arm64 of node_modules/chdb"]);
  });

  it("names no registry", () => {
    expect(readFileSync(lockFile, "utf8")).not.toMatch(/"resolved": /);
  });

  it("has chdb's libraries in the version that chdb asks for", () => {
    const wanted = Object.entries(lock["node_modules/chdb"]?.optionalDependencies ?? {});
    expect(wanted).toHaveLength(4);
    for (const [name, version] of wanted) expect(lock[`node_modules/${name}`]?.version, name).toBe(version);
  });
});

/** Dependencies, optional ones as well, for which no entry lies where Node would look. */
function unlockedDependencies(packages: Lock): string[] {
  return Object.entries(packages).flatMap(([at, { dependencies, optionalDependencies, devDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies, ...(at === "" ? devDependencies : {}) })
      .filter((name) => !foldersAbove(at).some((folder) => `${folder}node_modules/${name}` in packages))
      .map((name) => `${name} of ${at}`),
  );
}

/** `node_modules/a/node_modules/b` → itself, `node_modules/a`, the root, each with a slash at its end if not empty. */
function foldersAbove(at: string): string[] {
  const parts = at === "" ? [] : at.split("/node_modules/");
  return ["", ...parts.map((_, index) => `${parts.slice(0, index + 1).join("/node_modules/")}/`)];
}
