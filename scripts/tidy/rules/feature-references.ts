import { type Breach, lineAt, type Tree, type TreeFile } from "../tree.ts";

const keyFile = "docs/seeds.md";
const reference = /(?<![\w-])(S\d|X)-(\d+)(?![\w-])(?:(?: to |–)\1-(\d+)(?![\w-]))?/g;
const entry = /^- \*\*((?:S\d|X)-\d+)\*\*: /gm;

/** References to what the replaced systems do are explained in one file, which has no line that nothing refers to. */
export function featureReferences(tree: Tree): Breach[] {
  const key = tree.files.find(({ name }) => name === keyFile) ?? { name: keyFile, text: "" };
  const entries = new Map([...key.text.matchAll(entry)].map(({ 1: id, index }) => [id!, lineAt(key.text, index)]));
  const cited = tree.files.filter(({ name }) => !isForeign(name)).flatMap(citationsOf);
  const used = new Set(cited.filter(({ file }) => file !== keyFile).map(({ id }) => id));
  const unknown = cited
    .filter(({ id }) => !entries.has(id))
    .map(({ id, file, line }) => ({
      file,
      line,
      wrong: `refers to ${id}, which ${keyFile} does not explain`,
      remedy: `add its line to ${keyFile}, in your own words, or take the reference out`,
    }));
  const unused = [...entries]
    .filter(([id]) => !used.has(id))
    .map(([id, line]) => ({
      file: keyFile,
      line,
      wrong: `explains ${id}, to which nothing refers`,
      remedy: "delete the line",
    }));
  return [...unknown, ...unused];
}

/** Made by programs, not written. */
function isForeign(name: string): boolean {
  return name === "package-lock.json" || name.endsWith(".ndjson");
}

interface Citation {
  id: string;
  file: string;
  line: number;
}

/** All references of a file; of a range (from one "to" another of a system) each. */
function citationsOf({ name, text }: TreeFile): Citation[] {
  return [...text.matchAll(reference)].flatMap(({ 1: system, 2: from, 3: to, index }) => {
    const [first, last] = [Number(from), Number(to ?? from)];
    const ids = Array.from({ length: Math.max(1, last - first + 1) }, (_, step) => `${system}-${first + step}`);
    return ids.map((id) => ({ id, file: name, line: lineAt(text, index) }));
  });
}
