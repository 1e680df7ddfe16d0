import { readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import type { TreeFile } from "./tree.ts";

/** All files below `root`, but for what .gitignore names. */
export function readFiles(root: string): TreeFile[] {
  const ignored = readFileSync(join(root, ".gitignore"), "utf8").split("\n").filter(Boolean);
  const isIgnored = (name: string, isFolder: boolean) =>
    name === ".git" ||
    ignored.some((line) => (line.endsWith("/") ? isFolder && `${name}/` === line : matchesGlob(name, line)));
  const read = (folder: string): TreeFile[] =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => !isIgnored(entry.name, entry.isDirectory()))
      .flatMap((entry) => {
        const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
        return entry.isDirectory() ? read(name) : [{ name, text: readText(join(root, name)) }];
      });
  return read("");
}

/** A file's text; nothing for one that holds bytes. */
function readText(path: string): string {
  const text = readFileSync(path, "utf8");
  return text.includes("\0") ? "" : text;
}
