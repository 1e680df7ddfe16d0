import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFiles } from "./read-files.ts";

const root = join(import.meta.dirname, "../..");
const program = join(import.meta.dirname, "main.ts");
// Put together here, so that this file refers to nothing.
const unknownReference = `S${9}-1`;

/** One file more, or a line more in one that is there, and what is said of it. */
const planted: [rule: string, file: string, text: string, says: string][] = [
  [
    "import-order",
    "src/core/a.ts",
    'import "../run/b.ts";',
    "1: imports src/run/b.ts: src/run does not stand above src/core",
  ],
  [
    "import-order",
    "src/ingest/sink/a.ts",
    'import "../commit/b.ts";',
    "1: imports src/ingest/commit/b.ts: stages never import each other (src/ingest/sink, src/ingest/commit)",
  ],
  [
    "import-order",
    "src/cli/a.ts",
    'import "../testing/b.ts";',
    "1: imports src/testing/b.ts, which is there for tests",
  ],
  ["known-folders", "src/misc/a.ts", "", "1: lies in no folder of the import law"],
  ["known-folders", "workers/a.cjs", "", "1: is code and not TypeScript"],
  [
    "known-packages",
    "src/telemetry/a.ts",
    'import "./log.ts?1";',
    "1: imports ./log.ts?1, which is no path from here, no node: module and no package of package.json",
  ],
  [
    "file-circles",
    "src/server/a.ts",
    'import type { A } from "./a.ts";',
    "1: imports itself through others: src/server/a.ts → src/server/a.ts",
  ],
  [
    "runtime-free",
    "src/codec/a.ts",
    "\nBuffer.from([]);",
    "2: uses Buffer, which belongs to one runtime: core and codec run in every one",
  ],
  [
    "server-clients",
    "src/run/a.ts",
    'import { createClient } from "@clickhouse/client";',
    "1: takes createClient of @clickhouse/client: servers are connected to in src/clients/ alone",
  ],
  ["file-length", "src/schema/a.ts", `${"\n".repeat(250)}//`, "1: the file has 251 lines: at most 250"],
  ["function-length", "src/config/a.ts", `function long() {${"\n".repeat(70)}}`, "1: long has 71 lines: at most 70"],
  [
    "feature-references",
    "src/operate/doctor/a.ts",
    `// ${unknownReference}`,
    `1: refers to ${unknownReference}, which docs/seeds.md does not explain`,
  ],
  ["names-exist", "docs/a.md", "`npm run b`", "1: names npm run b, which package.json has not"],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-tidy-"));
  const added = planted.map(([, name, text]) => ({ name, text }));
  for (const { name, text } of [...readFiles(root), ...added]) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("npm run tidy", () => {
  it("says of each of the planted breaches where it is, what is wrong and what to do, and nothing of the rest", () => {
    const { status, stdout } = run("--root", folder);
    const said = stdout.split("\n").filter((line) => /^\S+:\d+: /.test(line));
    expect(said.sort()).toEqual(planted.map(([rule, file, , says]) => `${file}:${says} [${rule}]`).sort());
    expect(stdout.match(/^ {4}to do: .+$/gm)).toHaveLength(planted.length);
    expect(stdout).toContain(`tidy: ${planted.length} to mend`);
    expect(status).toBe(1);
  });

  it("prints them for programs", () => {
    const { status, stdout } = run("--root", folder, "--json");
    expect(JSON.parse(stdout)).toHaveLength(planted.length);
    expect(JSON.parse(stdout)[0]).toEqual({
      rule: "names-exist",
      file: "docs/a.md",
      line: 1,
      wrong: "names npm run b, which package.json has not",
      remedy: "write what it is called now, or take it out",
    });
    expect(status).toBe(1);
  });

  it("has help, and refuses other options", () => {
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("import-order") });
    expect(run("--quiet")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("--quiet") });
  });
});
