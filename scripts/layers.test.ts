import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf, lines, mayImport } from "./layers.ts";

const src = join(import.meta.dirname, "../src");

interface SourceFile {
  /** Below `src`, with forward slashes. */
  name: string;
  folder: string | undefined;
  text: string;
}

/** The program's own files: not its tests, nor what they need. */
const files: SourceFile[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts") && name.includes("/"))
  .filter((name) => !/\.test\.ts$|(^|\/)(fixtures|testing)\//.test(name))
  .map((name) => ({ name, folder: folderOf(name), text: readFileSync(join(src, name), "utf8") }));

/** Files below `src` that a file imports, at once or later. */
function importsOf({ name, text }: SourceFile): string[] {
  return [...text.matchAll(/(?:from|import\()\s*"(\.{1,2}\/[^"]+)"/g)]
    .map(([, specifier]) => relative(src, join(src, name, "..", specifier!)).replaceAll("\\", "/"))
    .filter((target) => !target.startsWith(".."));
}

describe("the import law", () => {
  it("knows every folder", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter(({ folder }) => folder === undefined).map(({ name }) => name)).toEqual([]);
    expect(new Set(files.map(({ folder }) => folder))).toEqual(new Set(lines.flat().map(({ folder }) => folder)));
  });

  it("is kept by every file", () => {
    const breaches = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayImport(file.folder!, folderOf(target)))
        .map((target) => `${file.name} imports ${target}`),
    );
    expect(breaches).toEqual([]);
  });

  it("keeps codec and core free of the runtime's own modules", () => {
    const breaches = files
      .filter(({ folder }) => folder === "codec" || folder === "core")
      .filter(({ text }) =>
        /from "node:|\bBuffer\b(?!\.)|\bprocess\./.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")),
      )
      .map(({ name }) => name);
    expect(breaches).toEqual([]);
  });
});
