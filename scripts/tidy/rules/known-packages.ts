import { type Breach, isForTests, type ModuleReference, type Tree } from "../tree.ts";

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/**
 * What is imported is a file by its path from here, a module of Node by its `node:` name, or a package that package.json
 * names. Anything else either does not run elsewhere or is a file by another name (`/src/x.ts`, `file:`, `./x.ts?1`), so
 * that the other rules would not know it.
 */
export function knownPackages(tree: Tree): Breach[] {
  const manifest = JSON.parse(tree.files.find(({ name }) => name === "package.json")?.text ?? "{}") as Manifest;
  const forAll = Object.keys(manifest.dependencies ?? {});
  const forTests = [...forAll, ...Object.keys(manifest.devDependencies ?? {})];
  return tree.modules.flatMap(({ name, references }) => {
    const isProgram = /^(src|workers)\//.test(name) && !isForTests(name);
    return references
      .filter((reference) => !isKnown(reference, isProgram ? forAll : forTests))
      .map(({ specifier, line }) => ({
        file: name,
        line,
        wrong: `imports ${specifier}, which is no path from here, no node: module and no package of package.json`,
        remedy: isProgram
          ? "write a plain relative path or a node: name; a package has to stand in dependencies"
          : "write a plain relative path or a node: name, or add the package",
      }));
  });
}

function isKnown({ specifier, how }: ModuleReference, packages: readonly string[]): boolean {
  if (specifier === "") return true; // The rule about imports says so.
  if (how === "path" || specifier.startsWith(".")) return !/[?#]/.test(specifier);
  return (
    specifier.startsWith("node:") || packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  );
}
