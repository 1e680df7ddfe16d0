import { join } from "node:path";
import { readFiles } from "../read-files.ts";
import { rules } from "../rules.ts";
import { createTree, withFiles } from "../tree.ts";

/** This repository, read once a test file. */
export const tree = createTree(readFiles(join(import.meta.dirname, "../../..")));

/** What a rule says of the tree with one file more: `file:line: wrong`, sorted. */
export function said(rule: string, name: string, text: string): string[] {
  return rules
    .find((one) => one.name === rule)!
    .breaches(withFiles(tree, [{ name, text }]))
    .map(({ file, line, wrong }) => `${file}:${line}: ${wrong}`)
    .sort();
}
