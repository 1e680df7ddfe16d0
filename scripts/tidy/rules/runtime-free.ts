import { isBuiltin } from "node:module";
import { nameOf, type SyntaxNode, walk } from "../syntax.ts";
import { type Breach, isForTests, lineAt, type Module, type Tree } from "../tree.ts";

/** Folders that must run wherever JavaScript does: in a worker of any runtime, in a browser, at the edge. */
const folders = ["src/core/", "src/codec/"];
const globals = new Set(["Buffer", "process", "Deno", "require", "global", "setImmediate", "__dirname", "__filename"]);

/** `core` and `codec` use nothing that one runtime has and another may lack. */
export function runtimeFree(tree: Tree): Breach[] {
  return tree.modules
    .filter(({ name }) => folders.some((folder) => name.startsWith(folder)) && !isForTests(name))
    .flatMap((module) => [...builtins(module), ...globalNames(module)]);
}

function builtins({ name, references }: Module): Breach[] {
  return references
    .filter(({ specifier }) => isBuiltin(specifier))
    .map(({ specifier, line }) => breach(name, line, `imports ${specifier}`));
}

function globalNames({ name, text, syntax }: Module): Breach[] {
  const breaches: Breach[] = [];
  walk(syntax, (node, around) => {
    if (node.type !== "Identifier" || !globals.has(node.name as string)) return;
    if (isOwnName(node, around.at(-1)!)) return;
    breaches.push(breach(name, lineAt(text, node.start), `uses ${node.name}`));
  });
  return breaches;
}

/** Whether an identifier is the name of a property or of a method here, and asks nothing of the runtime: `{ process }`. */
function isOwnName(node: SyntaxNode, parent: SyntaxNode): boolean {
  if (parent.computed === true) return false;
  if (parent.type === "MemberExpression") return parent.property === node && nameOf(parent.object) !== "globalThis";
  return parent.key === node;
}

function breach(file: string, line: number, what: string): Breach {
  return {
    file,
    line,
    wrong: `${what}, which belongs to one runtime: core and codec run in every one`,
    remedy: "use what JavaScript has itself, or have the caller hand it in (as workers/ do with gzip and zstd)",
  };
}
