import { posix } from "node:path";
import { isImportMeta, isNode, literalText, nameOf, quasisOf, type SyntaxNode, walk } from "./syntax.ts";

/** One place in a file that names another file, or a package. */
export interface Reference {
  /** `import`: loads it, at once or later; `type`: needs its types alone; `path`: names where it lies. */
  how: "import" | "type" | "path";
  /** As it is written; "" for one that is put together while the program runs. */
  specifier: string;
  /** What it takes as values: names, `default`, or `*` for the whole. */
  names: readonly string[];
  /** Offset in the text. */
  index: number;
}

/**
 * All references of a file: `import`, `export from`, `import()`, `require()`, `new URL("…", import.meta.url)`,
 * `join(import.meta.dirname, …)`, `\`${import.meta.dirname}/…\``.
 */
export function referencesOf(syntax: SyntaxNode): Reference[] {
  const found: Reference[] = [];
  walk(syntax, (node, around) => {
    const reference = declared(node) ?? called(node, around) ?? located(node);
    if (reference !== undefined) found.push({ ...reference, index: node.start });
  });
  return found;
}

type Found = Omit<Reference, "index">;

/** What stands at the top of a file, and types that are named where they are used: `import("./x.ts").X`. */
function declared(node: SyntaxNode): Found | undefined {
  // `import x = require("…")`
  const required = isNode(node.moduleReference) ? node.moduleReference.expression : undefined;
  const specifier = literalText(node.source ?? required);
  if (specifier === undefined) return undefined;
  switch (node.type) {
    case "TSImportEqualsDeclaration":
      return { how: node.importKind === "type" ? "type" : "import", specifier, names: ["*"] };
    case "TSImportType":
      return { how: "type", specifier, names: [] };
    case "ExportAllDeclaration":
      return node.exportKind === "type"
        ? { how: "type", specifier, names: [] }
        : { how: "import", specifier, names: ["*"] };
    case "ImportDeclaration":
    case "ExportNamedDeclaration": {
      const all = node.specifiers as SyntaxNode[];
      const kind = node.importKind ?? node.exportKind;
      const values = kind === "type" ? [] : all.filter((one) => (one.importKind ?? one.exportKind) !== "type");
      const isTypeOnly = kind === "type" || (all.length > 0 && values.length === 0);
      return { how: isTypeOnly ? "type" : "import", specifier, names: values.map(importedName) };
    }
    default:
      return undefined;
  }
}

function importedName(specifier: SyntaxNode): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return nameOf(specifier.imported ?? specifier.local) ?? "*";
}

/** `import("…")`, `require("…")`, `require.resolve("…")`. */
function called(node: SyntaxNode, around: readonly SyntaxNode[]): Found | undefined {
  if (node.type === "ImportExpression") {
    return { how: "import", specifier: literalText(node.source) ?? "", names: takenFrom(node, around) };
  }
  if (node.type !== "CallExpression") return undefined;
  const specifier = literalText((node.arguments as unknown[])[0]) ?? "";
  const callee = node.callee as SyntaxNode;
  const isRequire = callee.type === "Identifier" && callee.name === "require";
  const isResolve = callee.type === "MemberExpression" && nameOf(callee.object) === "require";
  if (!isRequire && !isResolve) return undefined;
  return { how: "import", specifier, names: takenFrom(node, around) };
}

/** Which values are taken of what `node` loads: `require("x").a`, `const { a, b } = await import("x")`; `*`: nobody knows. */
function takenFrom(node: SyntaxNode, around: readonly SyntaxNode[]): string[] {
  const outside = around.toReversed().find(({ type }) => !/^(Await|Parenthesized|TSAs)Expression$/.test(type));
  if (outside?.type === "MemberExpression" && outside.object === node) {
    // `import("x").then(…)` asks the promise.
    return [node.type === "ImportExpression" ? "*" : (nameOf(outside.property) ?? "*")];
  }
  const pattern = outside?.type === "VariableDeclarator" ? (outside.id as SyntaxNode) : undefined;
  if (pattern?.type !== "ObjectPattern") return ["*"];
  return (pattern.properties as SyntaxNode[]).map((property) => nameOf(property.key) ?? "*");
}

/** Files that are named from where this one lies: entries of processes and threads, data. */
function located(node: SyntaxNode): Found | undefined {
  const specifier = locationIn(node);
  // An address elsewhere, and this file itself.
  if (specifier === undefined || /^[a-z]+:|^\/|^\.$/.test(specifier)) return undefined;
  return { how: "path", specifier, names: [] };
}

/** The path that a node names from this file's folder; "" for one that is put together, undefined for other nodes. */
function locationIn(node: SyntaxNode): string | undefined {
  if (node.type === "TemplateLiteral" || node.type === "BinaryExpression") return afterFolder(node);
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return undefined;
  const [first, ...others] = node.arguments as unknown[];
  if (nameOf(node.callee) === "URL" && isImportMeta(others[0], "url")) return literalText(first) ?? "";
  if (isNode(node.callee) && isImportMeta(node.callee, "resolve")) {
    const specifier = literalText(first) ?? "";
    return specifier === "" || specifier.startsWith(".") ? specifier : undefined;
  }
  if (!isImportMeta(first, "dirname")) return undefined;
  const parts = others.map(literalText);
  return parts.includes(undefined) ? "" : posix.join(...(parts as string[]));
}

/** What stands behind the folder: `\`${import.meta.dirname}/x\``, `import.meta.dirname + "/x"`. */
function afterFolder(node: SyntaxNode): string | undefined {
  const parts = node.type === "TemplateLiteral" ? (node.expressions as unknown[]) : [node.left];
  if (!isImportMeta(parts[0], "dirname")) return undefined;
  const text = node.type === "TemplateLiteral" ? quasisOf(node).at(-1) : literalText(node.right);
  return parts.length > 1 || text === undefined ? "" : posix.join(".", text);
}
