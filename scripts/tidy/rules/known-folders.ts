import { folderLawOf, type Law, standsAbove } from "../law.ts";
import { type Breach, isForTests, isScript, lineOf, type Tree } from "../tree.ts";

const lawFile = "scripts/tidy/law.ts";

/** Every file of code is TypeScript and has a folder in the law, every folder of the law has files, and every allowance is used. */
export function knownFolders(tree: Tree, law: Law): Breach[] {
  return [...foreign(tree, law), ...homeless(tree, law), ...empty(tree, law), ...unused(tree, law)];
}

/** In one language types, lint and the runtimes see everything; a file that has to be another is named in the law. */
function foreign(tree: Tree, law: Law): Breach[] {
  const named = new Set(law.flat().map(({ folder }) => folder));
  return tree.files
    .filter(({ name }) => isScript(name) && !name.endsWith(".ts") && !named.has(name) && !isForBrowsers(law, name))
    .map(({ name }) => ({
      file: name,
      line: 1,
      wrong: "is code and not TypeScript",
      remedy: "write it in TypeScript, as a .ts file",
    }));
}

function isForBrowsers(law: Law, name: string): boolean {
  return name.endsWith(".js") && folderLawOf(law, name)?.forBrowsers === true;
}

function homeless(tree: Tree, law: Law): Breach[] {
  return tree.modules
    .filter(({ name }) => name.includes("/") && !isForTests(name) && folderLawOf(law, name) === undefined)
    .map(({ name }) => ({
      file: name,
      line: 1,
      wrong: "lies in no folder of the import law",
      remedy: `move it to the folder whose subject it is, or give its folder a line in ${lawFile}`,
    }));
}

function empty(tree: Tree, law: Law): Breach[] {
  const used = new Set(tree.modules.map(({ name }) => folderLawOf(law, name)));
  return law
    .flat()
    .filter((folderLaw) => !used.has(folderLaw))
    .map(({ folder }) =>
      inLaw(tree, `"${folder}"`, `the import law names ${folder}, where no code is`, "delete the entry"),
    );
}

function unused(tree: Tree, law: Law): Breach[] {
  return law.flat().flatMap((from) => {
    const modules = tree.modules.filter(({ name }) => !isForTests(name) && folderLawOf(law, name) === from);
    const targets = modules.flatMap(({ references }) => references.map(({ target }) => target ?? ""));
    const targetLaws = targets.map((target) => folderLawOf(law, target)).filter((to) => to !== undefined);
    const needed = new Set(targetLaws.filter((to) => !standsAbove(law, to, from)).map(({ folder }) => folder));
    return (from.also ?? [])
      .filter((folder) => !needed.has(folder))
      .map((folder) =>
        inLaw(
          tree,
          `also: ["${folder}"`,
          `${from.folder} may import ${folder}, and needs no allowance for it`,
          "delete the allowance",
        ),
      );
  });
}

/** A breach in the law itself, on the line where `text` stands. */
function inLaw(tree: Tree, text: string, wrong: string, remedy: string): Breach {
  return { file: lawFile, line: lineOf(tree, lawFile, text), wrong, remedy };
}
