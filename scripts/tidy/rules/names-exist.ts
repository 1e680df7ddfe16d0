import { commandsOf } from "../commands.ts";
import { type CodeText, codeOf } from "../documents.ts";
import { type Breach, isForTests, isScript, lineAt, type Tree, type TreeFile } from "../tree.ts";

/** Documents and comments name only files, npm scripts and commands that exist, and npm scripts only files. */
export function namesExist(tree: Tree): Breach[] {
  // What the changelog tells of was there then.
  const documents = tree.files.filter(({ name }) => name.endsWith(".md") && name !== "CHANGELOG.md");
  const isFile = fileFinder(tree);
  const scripts = scriptsOf(tree);
  const commands = commandsOf(tree);
  return [
    ...documents.flatMap((document) =>
      codeOf(document.text).flatMap((code) =>
        [...filesIn(code, isFile), ...scriptsIn(code, scripts), ...commandsIn(code, commands)].map((wrong) => ({
          file: document.name,
          line: code.line,
          wrong,
          remedy: "write what it is called now, or take it out",
        })),
      ),
    ),
    ...tree.files
      .filter(({ name }) => isScript(name) || /\.(sql|py|sh|ya?ml)$|^package\.json$/.test(name))
      .flatMap((file) => filesInCode(file, tree)),
  ];
}

const anything = /\*|<[^>]*>|…|\{[^}]*\}|\$\w+/;
const topFolders = "src|workers|bench|scripts|docs|sql|ops|dashboards|\\.ci";
const fileName = new RegExp(
  `^(?:(?:${topFolders})/\\S*|[^\\s/]\\S*\\.(?:ts|mjs|py|md|sql|wasm)|[\\w.-]{2,}(?:/[\\w.-]+)*/)$`,
);

function filesIn({ text }: CodeText, isFile: (name: string) => boolean): string[] {
  // The commas of `{a,b}.ts` part nothing.
  const words = text.split(/(?:[\s"'`;()|=]|,(?![^{}]*\}))+/).map((word) => word.replace(/^\.\/|(:\d+)?[.:]*$/g, ""));
  return words
    .filter((word) => fileName.test(word) && !word.includes("://") && !isFile(word))
    .map((word) => `names ${word}, which is not there`);
}

/** Whether a name, from the root or from any folder, is that of a file or folder; `*`, `<x>` and `…` stand for anything. */
function fileFinder(tree: Tree): (name: string) => boolean {
  const ignored = tree.files.find(({ name }) => name === ".gitignore")?.text.split("\n") ?? [];
  const paths = new Set(tree.files.flatMap(({ name }) => withFolders(name)));
  const all = [...paths];
  return (name) => {
    const path = name.replace(/\/$/, "");
    if (paths.has(path) || ignored.includes(`${path.split("/")[0]}/`)) return true;
    const pattern = path.split(new RegExp(anything, "g")).map(RegExp.escape).join("[^/]*");
    const matching = new RegExp(`(?:^|/)${pattern}$`);
    return all.some((one) => matching.test(one));
  };
}

/** `a/b/c` with `a/b` and `a`. */
function withFolders(name: string): string[] {
  const parts = name.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function scriptsOf(tree: Tree): Set<string> {
  const text = tree.files.find(({ name }) => name === "package.json")?.text ?? "{}";
  return new Set(Object.keys((JSON.parse(text) as { scripts?: Record<string, string> }).scripts ?? {}));
}

function scriptsIn({ text }: CodeText, scripts: Set<string>): string[] {
  const named = [...text.matchAll(/\bnpm (?:run(?:-script)? (?:-\S+ )*([\w:][\w:-]*)|(start|test)\b)/g)].map(
    ([, run, short]) => run ?? short!,
  );
  return named.filter((name) => !scripts.has(name)).map((name) => `names npm run ${name}, which package.json has not`);
}

/** `millrace dlq list|show`: a command, then one of its own or several. */
function commandsIn({ text }: CodeText, commands: Map<string, Set<string>>): string[] {
  const named = [...text.matchAll(/\bmillrace(?:\.mjs)? (?:-- )?([a-z][a-z|-]*)(?: ([a-z][a-z|-]*))?/g)];
  return named.flatMap(([, word = "", next]) => {
    const unknown = word.split("|").filter((name) => !commands.has(name));
    if (unknown.length > 0) return unknown.map((name) => `names millrace ${name}, which is no command`);
    const own = commands.get(word);
    if (own === undefined || own.size === 0 || next === undefined) return [];
    return next
      .split("|")
      .filter((name) => !own.has(name))
      .map((name) => `names millrace ${word} ${name}, which is no command`);
  });
}

const pathInText = new RegExp(
  `(?<![\\w./-])(?:${topFolders})/[\\w./-]+\\.(?:ts|mjs|py|md|sql|json|yaml|yml|wasm)\\b`,
  "g",
);

/** Comments and messages name files from the root; of a test its comments count, for its texts are made up. */
function filesInCode({ name, text }: TreeFile, tree: Tree): Breach[] {
  const read = isForTests(name)
    ? text.replaceAll(/^(?!\s*(?:\/\/|\*|\/\*)).*$/gm, (line) => " ".repeat(line.length))
    : text;
  return [...read.matchAll(pathInText)]
    .filter(([path]) => !tree.has(path))
    .map(({ 0: path, index }) => ({
      file: name,
      line: lineAt(text, index),
      wrong: `names ${path}, which is not there`,
      remedy: "write what it is called now, or take it out",
    }));
}
