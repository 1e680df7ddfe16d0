import type { Breach, Tree } from "../tree.ts";

/**
 * Files that import each other, through whatever others: none can be read, tested or moved without the rest, and which of
 * them runs first depends on who was imported first. Types count, too: a type that both sides need belongs to neither.
 */
export function fileCircles(tree: Tree): Breach[] {
  const imports = importsOf(tree);
  const seen = new Set<string>();
  return tree.modules.flatMap(({ name, references }): Breach[] => {
    if (seen.has(name)) return [];
    const circle = shortestCircle(name, imports);
    if (circle === undefined) return [];
    for (const file of circle) seen.add(file);
    return [
      {
        file: name,
        line: references.find(({ target, how }) => how !== "path" && target === (circle[1] ?? name))!.line,
        wrong: `imports itself through others: ${[...circle, name].join(" → ")}`,
        remedy: "move what both sides need (often a type) to a file of its own that imports neither",
      },
    ];
  });
}

function importsOf({ modules, has }: Tree): Map<string, string[]> {
  return new Map(
    modules.map(({ name, references }) => {
      const targets = references.filter(({ how }) => how !== "path").map(({ target }) => target);
      return [name, targets.filter((target) => target !== undefined && has(target))] as [string, string[]];
    }),
  );
}

/** The shortest way from a file back to itself, by breadth: its files in order; undefined: there is none. */
function shortestCircle(start: string, imports: Map<string, string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const target of imports.get(file) ?? []) {
      if (target === start) return wayTo(file, start, cameFrom);
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

function wayTo(end: string, start: string, cameFrom: Map<string, string>): string[] {
  const way = [end];
  while (way[0] !== start) way.unshift(cameFrom.get(way[0]!)!);
  return way;
}
