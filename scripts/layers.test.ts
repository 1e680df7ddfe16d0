import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { mayImport } from "./layers.ts";

const src = join(import.meta.dirname, "../src");

interface SourceFile {
  name: string;
  folder: string;
  text: string;
  isTest: boolean;
}

const files: SourceFile[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const folder = name.includes(sep) ? name.split(sep)[0]! : "";
    const isTest = /\.test\.ts$|[/\\](fixtures|testing)[/\\]/.test(name) || folder === "testing";
    return { name, folder, text: readFileSync(join(src, name), "utf8"), isTest };
  });

/** Folders below src that a file imports from. */
function importedFolders(file: SourceFile): string[] {
  const folders: string[] = [];
  for (const [, specifier] of file.text.matchAll(/from "(\.{1,2}\/[^"]+)"/g)) {
    const target = relative(src, join(src, file.name, "..", specifier!));
    if (target.includes(sep) && !target.startsWith("..")) folders.push(target.split(sep)[0]!);
  }
  return folders;
}

describe("the import law", () => {
  const production = files.filter(({ folder, isTest }) => folder !== "" && !isTest);

  it("knows every folder", () => {
    expect(production.length).toBeGreaterThan(100);
    expect(new Set(production.map(({ folder }) => folder))).toEqual(new Set(Object.keys(mayImport)));
  });

  it("is kept by every file", () => {
    const breaches = production.flatMap((file) =>
      importedFolders(file)
        .filter((folder) => ![file.folder, "core", ...mayImport[file.folder]!].includes(folder))
        .map((folder) => `${file.name} imports ${folder}; allowed: core, ${mayImport[file.folder]!.join(", ")}`),
    );
    expect(breaches).toEqual([]);
  });

  it("keeps codec and core free of the runtime's own modules", () => {
    const breaches = production
      .filter(({ folder }) => folder === "codec" || folder === "core")
      .filter(({ text }) =>
        /from "node:|\bBuffer\b(?!\.)|\bprocess\./.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")),
      )
      .map(({ name }) => name);
    expect(breaches).toEqual([]);
  });
});
