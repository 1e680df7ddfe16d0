import { isNode, literalText, nameOf, type SyntaxNode, walk } from "./syntax.ts";
import type { Tree } from "./tree.ts";

/** The commands of `millrace`, each with its subcommands, as src/cli declares them: `program.command("lag")`. */
export function commandsOf(tree: Tree): Map<string, Set<string>> {
  const commands = new Map<string, Set<string>>();
  const modules = tree.modules.filter(({ name }) => /^src\/cli\/[^/]+(?<!\.test)\.ts$/.test(name));
  for (const { syntax } of modules) {
    const declared = declaredIn(syntax);
    // By the variables that hold commands, a group's own is known.
    const groups = new Map(declared.map(({ heldBy, name }) => [heldBy, name]));
    for (const { on, name } of declared) if (on === "program") commands.set(name, commands.get(name) ?? new Set());
    for (const { on, name } of declared) if (groups.has(on)) commands.get(groups.get(on)!)?.add(name);
  }
  return commands;
}

interface Declared {
  name: string;
  /** The variable on which `command()` is called, at the beginning of the chain. */
  on: string | undefined;
  heldBy: string | undefined;
}

function declaredIn(syntax: SyntaxNode): Declared[] {
  const found: Declared[] = [];
  walk(syntax, (node, around) => {
    if (node.type !== "CallExpression" || !isNode(node.callee) || node.callee.type !== "MemberExpression") return;
    const name = literalText((node.arguments as unknown[])[0])?.split(" ")[0];
    if (nameOf(node.callee) !== "command" || name === undefined) return;
    const holder = around.findLast(({ type }) => type !== "CallExpression" && type !== "MemberExpression");
    const heldBy = holder?.type === "VariableDeclarator" ? nameOf(holder.id) : undefined;
    found.push({ name, on: chainStart(node.callee.object), heldBy });
  });
  return found;
}

/** `program` of `program.command("x").option("--y")`. */
function chainStart(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "CallExpression") return chainStart(node.callee);
  return node.type === "MemberExpression" ? chainStart(node.object) : nameOf(node);
}
