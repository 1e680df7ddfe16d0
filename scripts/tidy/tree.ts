import { posix } from "node:path";
import { type Reference, referencesOf } from "./references.ts";
import { parse, type SyntaxNode } from "./syntax.ts";

/** One file of the repository: its name from the root, with forward slashes; its text is empty where it is no text. */
export interface TreeFile {
  name: string;
  text: string;
}

/** A file of code. */
export interface Module extends TreeFile {
  syntax: SyntaxNode;
  /** What it names: files by their names from the root, packages as they are written. */
  references: readonly ModuleReference[];
}

export interface ModuleReference extends Reference {
  line: number;
  /** The file or folder below the root; undefined: a package. */
  target: string | undefined;
}

/** What a rule looks at. Rules read no files: what they judge is handed to them, so that a test can plant breaches. */
export interface Tree {
  files: readonly TreeFile[];
  modules: readonly Module[];
  has(name: string): boolean;
}

/** One place that breaks a rule: what is wrong there, and what to do about it. */
export interface Breach {
  file: string;
  line: number;
  wrong: string;
  remedy: string;
}

export function createTree(files: readonly TreeFile[]): Tree {
  return withFiles({ files: [], modules: [], has: () => false }, files);
}

/** The tree with some files more, or in the place of those that have their names; what is known of the others is kept. */
export function withFiles(tree: Tree, added: readonly TreeFile[]): Tree {
  const replaced = new Set(added.map(({ name }) => name));
  const files = [...tree.files.filter(({ name }) => !replaced.has(name)), ...added];
  const names = new Set(files.map(({ name }) => name));
  const has = (name: string) => names.has(name);
  const code = added.filter(({ name }) => isScript(name));
  const modules = [
    ...tree.modules.filter(({ name }) => !replaced.has(name)),
    ...code.map((file) => readModule(file, has)),
  ];
  return { files, modules, has };
}

function readModule({ name, text }: TreeFile, has: (name: string) => boolean): Module {
  const syntax = parse(name, text);
  const references = referencesOf(syntax).map((reference) => ({
    ...reference,
    line: lineAt(text, reference.index),
    target: targetOf(name, reference, has),
  }));
  return { name, text, syntax, references };
}

function targetOf(file: string, { how, specifier }: Reference, has: (name: string) => boolean): string | undefined {
  if (specifier === "" || (how !== "path" && !specifier.startsWith("."))) return undefined;
  const target = posix.join(posix.dirname(file), specifier).replace(/\/$/, "");
  // AssemblyScript's imports have no file extension.
  return !has(target) && has(`${target}.ts`) ? `${target}.ts` : target;
}

/** Whether a file is code that a runtime takes; all but one are TypeScript, as the rule about folders says. */
export function isScript(name: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(name);
}

/** Whether a file is a test, or there for tests only: it may reach across the house, and the program may not need it. */
export function isForTests(name: string): boolean {
  return /\.test\.ts$|(^|\/)testing\//.test(name);
}

/** The line, from 1, on which `index` of the text lies. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < index; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** The line of a file on which `text` stands first; 1 when it does not. */
export function lineOf(tree: Tree, file: string, text: string): number {
  const lines = tree.files.find(({ name }) => name === file)?.text.split("\n") ?? [];
  return (
    Math.max(
      0,
      lines.findIndex((line) => line.includes(text)),
    ) + 1
  );
}
