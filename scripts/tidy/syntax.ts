import { parseAst } from "vitest/node";

/** A node of the syntax tree (ESTree with TypeScript's nodes); `start` and `end` are offsets in the text. */
export interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  [property: string]: unknown;
}

/**
 * The syntax of a file. The parser is the one that the test runner brings along and exports: TypeScript 7 has none that
 * can be called without a process of its own, and a package for this alone would be one more to keep.
 */
export function parse(name: string, text: string): SyntaxNode {
  try {
    return parseAst(asTypeScript(name, text), { lang: "ts" }) as unknown as SyntaxNode;
  } catch (error) {
    throw new Error(`Cannot parse ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** AssemblyScript marks functions and values (`@inline`), where TypeScript knows no such marks; all offsets stay. */
function asTypeScript(name: string, text: string): string {
  if (!name.includes("/assembly/")) return text;
  return text.replaceAll(/^\s*@\w+/gm, (mark) => " ".repeat(mark.length));
}

/** Calls `visit` for each node below `root` and `root` itself, parents first, with the nodes around it, nearest last. */
export function walk(root: SyntaxNode, visit: (node: SyntaxNode, around: readonly SyntaxNode[]) => void): void {
  const around: SyntaxNode[] = [];
  const enter = (node: SyntaxNode) => {
    visit(node, around);
    around.push(node);
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) enter(item);
      } else if (isNode(value)) enter(value);
    }
    around.pop();
  };
  enter(root);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}

/** The text of a string that stands in the code as it is, in parts or not; undefined: no string, or one that is computed. */
export function literalText(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "Literal" && typeof value.value === "string") return value.value;
  if (value.type === "BinaryExpression" && value.operator === "+") {
    const [left, right] = [literalText(value.left), literalText(value.right)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  if (value.type !== "TemplateLiteral") return undefined;
  const [only, ...others] = quasisOf(value);
  return others.length === 0 ? only : undefined;
}

/** The texts of a template between what is put in. */
export function quasisOf(template: SyntaxNode): string[] {
  return (template.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked);
}

/** The name that a node is: an identifier, or the property that a member expression asks for. */
export function nameOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "Identifier" || value.type === "PrivateIdentifier") return value.name as string;
  if (value.type === "MemberExpression" && value.computed !== true) return nameOf(value.property);
  return literalText(value);
}

/** Whether a node is `import.meta.NAME`. */
export function isImportMeta(value: unknown, ...names: string[]): boolean {
  if (!isNode(value) || value.type !== "MemberExpression") return false;
  return isNode(value.object) && value.object.type === "MetaProperty" && names.includes(nameOf(value.property) ?? "");
}
