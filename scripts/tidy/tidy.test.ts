import { describe, expect, it } from "vitest";
import { type FolderLaw, law } from "./law.ts";
import { hiddenImports, importOrder } from "./rules/import-order.ts";
import { knownFolders } from "./rules/known-folders.ts";
import { breachesIn } from "./rules.ts";
import { said, tree } from "./testing/planted.ts";

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
    ["import.meta.dirname, in parts", 'join(import.meta.dirname, "..", "run", "run.ts");'],
    ["import.meta.dirname in a template", `const x = \`\${import.meta.dirname}/../run/run.ts\`;`],
    ["import.meta.dirname in a sum", 'const x = import.meta.dirname + "/../run/run.ts";'],
    ["a text in parts", 'new URL("../run/" + "run.ts", import.meta.url);'],
    ["require", 'require("../run/run.ts");'],
    ["import = require", 'import x = require("../run/run.ts");'],
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

  it.each([
    'await import("../" + name);',
    "new URL(name, import.meta.url);",
    `new URL(\`../\${name}.ts\`, import.meta.url);`,
    'new URL("../" + name, import.meta.url);',
    'join(import.meta.dirname, "..", name);',
    `const x = \`\${import.meta.dirname}/../\${name}.ts\`;`,
    "const x = import.meta.dirname + name;",
    "import.meta.resolve(name);",
    "require(name);",
    `require.resolve(\`../\${name}\`);`,
  ])("finds an import of which nobody can say what it loads: %s", (statement) => {
    expect(said("import-order", "src/core/planted.ts", statement)).toEqual([
      "src/core/planted.ts:1: imports what only the running program knows",
    ]);
    expect(said("import-order", "bench/planted.ts", statement)).toEqual([]);
  });

  it("lets a file name itself, its folder and addresses", () => {
    const text =
      'new URL(import.meta.url); join(import.meta.dirname); new URL("http://x/", import.meta.url); import.meta.resolve("pino");';
    expect(said("import-order", "src/core/planted.ts", text)).toEqual([]);
  });

  it("finds an exception that is not needed any more", () => {
    const exceptions = { ...hiddenImports, "src/cli/notice.ts": "" };
    expect(importOrder(tree, law, exceptions).map(({ wrong }) => wrong)).toEqual([
      "excuses src/cli/notice.ts, which writes all its imports out",
    ]);
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

  it.each(["js", "cjs", "mjs", "mts", "cts", "jsx", "tsx"])("finds code that is not TypeScript: .%s", (extension) => {
    const name = `src/core/planted.${extension}`;
    expect(said("known-folders", name, "")).toEqual([`${name}:1: is code and not TypeScript`]);
    // The other rules read it all the same.
    expect(said("import-order", name, 'import "../run/run.ts";')).toHaveLength(1);
  });

  it("lets JavaScript lie where browsers take it, which imports nothing of the program", () => {
    expect(said("known-folders", "src/server/console/page/planted.js", "")).toEqual([]);
    expect(said("known-folders", "src/server/console/page/planted.mjs", "")).toHaveLength(1);
    const name = "src/server/console/page/planted.js";
    expect(said("import-order", name, 'import "../history.ts"; import "../../../core/names.ts";')).toHaveLength(2);
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
