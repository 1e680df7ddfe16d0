import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type FolderLaw, law } from "./law.ts";
import { readFiles } from "./read-files.ts";
import { knownFolders } from "./rules/known-folders.ts";
import { connectingElsewhere, serverClients } from "./rules/server-clients.ts";
import { breachesIn, rules } from "./rules.ts";
import { createTree, type Tree, withFiles } from "./tree.ts";

let tree: Tree;
beforeAll(() => {
  tree = createTree(readFiles(join(import.meta.dirname, "../..")));
});

/** What a rule says of the tree with one file more: `file:line: wrong`, sorted. */
function said(rule: string, name: string, text: string): string[] {
  return rules
    .find((one) => one.name === rule)!
    .breaches(withFiles(tree, [{ name, text }]))
    .map(({ file, line, wrong }) => `${file}:${line}: ${wrong}`)
    .sort();
}

describe("this repository", () => {
  it("keeps every rule", () => {
    expect(tree.modules.length).toBeGreaterThan(800);
    expect(breachesIn(tree)).toEqual([]);
  });
});

describe("import-order", () => {
  it.each([
    ["import", 'import { x } from "../run/run.ts";'],
    ["a side effect", 'import "../run/run.ts";'],
    ["import type", 'import type { x } from "../run/run.ts";'],
    ["export from", 'export * from "../run/run.ts";'],
    ["import()", 'const { x } = await import("../run/run.ts");'],
    ["import() with a template", "await import(`../run/run.ts`);"],
    ["a type that is named in place", 'let x: import("../run/run.ts").X;'],
    ["new URL", 'new URL("../run/run.ts", import.meta.url);'],
    ["import.meta.resolve", 'import.meta.resolve("../run/run.ts");'],
    ["import.meta.dirname", 'join(import.meta.dirname, "../run/run.ts");'],
    ["require", 'require("../run/run.ts");'],
  ])("finds an upward import: %s", (_, statement) => {
    expect(said("import-order", "src/core/planted.ts", `\n${statement}`)).toEqual([
      "src/core/planted.ts:2: imports src/run/run.ts: src/run does not stand above src/core",
    ]);
  });

  it("has words of its own for stages", () => {
    expect(said("import-order", "src/ingest/sink/planted.ts", 'import "../commit/committer.ts";')).toEqual([
      "src/ingest/sink/planted.ts:1: imports src/ingest/commit/committer.ts: stages never import each other (src/ingest/sink, src/ingest/commit)",
    ]);
  });

  it("keeps what is for tests out of the program", () => {
    expect(said("import-order", "src/cli/planted.ts", 'import "../testing/engine.ts";')).toEqual([
      "src/cli/planted.ts:1: imports src/testing/engine.ts, which is there for tests",
    ]);
    expect(said("import-order", "scripts/planted.ts", 'import "../src/testing/engine.ts";')).toEqual([]);
  });

  it("finds an import of which nobody can say what it loads", () => {
    expect(said("import-order", "src/core/planted.ts", 'await import("../" + name);')).toEqual([
      "src/core/planted.ts:1: imports what only the running program knows",
    ]);
    expect(said("import-order", "bench/planted.ts", "await import(name);")).toEqual([]);
  });

  it("takes no text for an import", () => {
    expect(
      said("import-order", "src/core/planted.ts", `// import "../run/run.ts"\nconst x = 'from "../run/run.ts"';`),
    ).toEqual([]);
  });
});

describe("known-folders", () => {
  it("finds a file in a folder that the law does not know", () => {
    expect(said("known-folders", "src/misc/planted.ts", "")).toEqual([
      "src/misc/planted.ts:1: lies in no folder of the import law",
    ]);
    expect(said("known-folders", "src/planted.ts", "")).toHaveLength(1);
  });

  it("finds an empty folder and an unused allowance in the law", () => {
    const run: FolderLaw = { folder: "src/run", also: ["src/millrace.mjs", "src/cli", "src/core"] };
    const planted = [
      ...law.map((line) => (line[0]?.folder === run.folder ? [run] : line)),
      [{ folder: "src/nothing" }],
    ];
    expect(knownFolders(tree, planted).map(({ file, wrong }) => `${file}: ${wrong}`)).toEqual([
      "scripts/tidy/law.ts: the import law names src/nothing, where no code is",
      "scripts/tidy/law.ts: src/run may import src/cli, and needs no allowance for it",
      "scripts/tidy/law.ts: src/run may import src/core, and needs no allowance for it",
    ]);
  });
});

describe("file-circles", () => {
  it.each([
    ["a value", 'import { printNotice } from "./notice.ts";'],
    ["a type", 'import type { Notice } from "./notice.ts";'],
    ["at once with a name", 'export { printNotice } from "./notice.ts";'],
    ["later", 'await import("./notice.ts");'],
  ])("finds two files of which one needs %s of the other", (_, statement) => {
    expect(said("file-circles", "src/cli/terminal.ts", `\n${statement}`)).toEqual([
      "src/cli/notice.ts:2: imports itself through others: src/cli/notice.ts → src/cli/terminal.ts → src/cli/notice.ts",
    ]);
  });

  it("finds a file that imports itself, and leaves paths alone", () => {
    expect(said("file-circles", "src/cli/planted.ts", 'import "./planted.ts";')).toEqual([
      "src/cli/planted.ts:1: imports itself through others: src/cli/planted.ts → src/cli/planted.ts",
    ]);
    expect(said("file-circles", "src/cli/planted.ts", 'new URL("./planted.ts", import.meta.url);')).toEqual([]);
  });
});

describe("runtime-free", () => {
  it.each([
    ["imports node:fs", 'import { readFileSync } from "node:fs";'],
    ["imports zlib", 'const { inflateSync } = await import("zlib");'],
    ["uses Buffer", "export const bytes = Buffer.from([]);"],
    ["uses process", "export const isDebug = () => process.env.DEBUG !== undefined;"],
    ["uses process", "export const { env } = globalThis.process;"],
    ["uses process", "export const all = { process };"],
  ])("finds a file of codec that %s: %s", (what, text) => {
    expect(said("runtime-free", "src/codec/planted.ts", text)).toEqual([
      `src/codec/planted.ts:1: ${what}, which belongs to one runtime: core and codec run in every one`,
    ]);
  });

  it("lets names of properties be, and what only looks alike", () => {
    expect(
      said(
        "runtime-free",
        "src/core/planted.ts",
        "stage.process(); const stages = { process: 1 }; new ArrayBuffer(1);",
      ),
    ).toEqual([]);
    expect(said("runtime-free", "src/cli/planted.ts", "process.exit(0);")).toEqual([]);
  });
});

describe("server-clients", () => {
  it.each([
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'import { Kafka, type Admin } from "kafkajs";'],
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'const { Kafka } = require("kafkajs");'],
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'import * as kafkajs from "kafkajs";'],
    [
      "kafkajs/src/errors.js",
      "src/clients/ and src/ingest/source/",
      'const errors = require("kafkajs/src/errors.js");',
    ],
    ["createClient of @clickhouse/client", "src/clients/", 'export { createClient } from "@clickhouse/client";'],
    ["undici", "src/clients/", 'const { request } = await import("undici");'],
  ])("finds %s outside %s", (what, folders, text) => {
    expect(said("server-clients", "src/cli/planted.ts", text)).toEqual([
      `src/cli/planted.ts:1: takes ${what}: servers are connected to in ${folders} alone`,
    ]);
  });

  it("lets types and errors be, folders that connect, and tests", () => {
    const text =
      'import { type Kafka, KafkaJSError } from "kafkajs";\nimport { ClickHouseError } from "@clickhouse/client";';
    expect(said("server-clients", "src/cli/planted.ts", text)).toEqual([]);
    for (const name of ["src/ingest/source/planted.ts", "src/testing/planted.ts", "bench/planted.ts"])
      expect(said("server-clients", name, 'import { Kafka } from "kafkajs";')).toEqual([]);
  });

  it("finds an exception that is not needed any more", () => {
    expect(serverClients(tree, { ...connectingElsewhere, "src/cli/notice.ts": "" }).map(({ wrong }) => wrong)).toEqual([
      "excuses src/cli/notice.ts, which opens no connection",
    ]);
  });
});
