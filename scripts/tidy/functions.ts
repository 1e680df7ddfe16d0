import { isNode, literalText, nameOf, type SyntaxNode, walk } from "./syntax.ts";
import { lineAt, type Module } from "./tree.ts";

export interface FunctionInFile {
  /** Its own name, with those of the class or functions around it: `Ledger.commit`, `createPipeline > drain`. */
  name: string;
  line: number;
  lines: number;
}

/** All functions of a file, those within others too. The groups of a test file (`describe`) are no functions. */
export function functionsOf({ text, syntax }: Module): FunctionInFile[] {
  const found: FunctionInFile[] = [];
  walk(syntax, (node, around) => {
    if (!isFunction(node) || isTestGroup(node, around.at(-1))) return;
    const line = lineAt(text, node.start);
    const outer = around.flatMap((one, at) => (isNamed(one) ? (ownName(one, around[at - 1]) ?? []) : []));
    const name = [...outer, ownName(node, around.at(-1)) ?? "anonymous"].join(" > ");
    found.push({ name, line, lines: lineAt(text, node.end) - line + 1 });
  });
  return found;
}

function isFunction({ type }: SyntaxNode): boolean {
  return type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";
}

function isNamed(node: SyntaxNode): boolean {
  return isFunction(node) || node.type === "ClassDeclaration";
}

function isTestGroup(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  return parent?.type === "CallExpression" && parent.callee !== node && calleeName(parent.callee) === "describe";
}

/** `describe` for `describe(…)`, `describe.skipIf(x)(…)` and `describe.each(rows)(…)`. */
function calleeName(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  if (callee.type === "CallExpression" || callee.type === "TaggedTemplateExpression")
    return calleeName(callee.callee ?? callee.tag);
  return callee.type === "MemberExpression" ? calleeName(callee.object) : nameOf(callee);
}

/** What a function is called: by itself, by what it is given to, or by the call that takes it. */
function ownName(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const own = nameOf(node.id);
  if (own !== undefined || parent === undefined) return own;
  if (parent.type === "CallExpression") {
    const title = literalText((parent.arguments as unknown[])[0]);
    return title ?? calleeName(parent.callee);
  }
  return nameOf(parent.key ?? parent.id ?? parent.left);
}
