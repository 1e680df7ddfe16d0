import { type FolderLaw, folderLawOf, type Law, standsAbove } from "../law.ts";
import { type Breach, isForTests, type Tree } from "../tree.ts";

/** A folder imports what stands above it in the law, and the program nothing that is there for its tests. */
export function importOrder(tree: Tree, law: Law): Breach[] {
  return tree.modules
    .filter(({ name }) => !isForTests(name))
    .flatMap(({ name, references }) => {
      const from = folderLawOf(law, name);
      if (from === undefined) return []; // The rule about folders says so.
      return references.flatMap(({ target, specifier, line }): Breach[] => {
        const fault = specifier === "" ? hidden(from) : target === undefined ? undefined : faultOf(law, from, target);
        return fault === undefined ? [] : [{ file: name, line, ...fault }];
      });
    });
}

type Fault = Pick<Breach, "wrong" | "remedy">;

/** What a name that is put together loads, no rule sees; a bench or a script may do so all the same. */
function hidden(from: FolderLaw): Fault | undefined {
  if (!isProgram(from)) return undefined;
  return { wrong: "imports what only the running program knows", remedy: "write the names out, one import() each" };
}

function isProgram({ folder }: FolderLaw): boolean {
  return folder.startsWith("src/") || folder === "workers";
}

function faultOf(law: Law, from: FolderLaw, target: string): Fault | undefined {
  if (isForTests(target) && isProgram(from))
    return {
      wrong: `imports ${target}, which is there for tests`,
      remedy: "move what the program needs out of the folder for tests",
    };
  const to = folderLawOf(law, target);
  // What lies in no folder of the law is data (sql/, ops/, package.json), or for tests.
  if (to === undefined || to === from || standsAbove(law, to, from) || from.also?.includes(to.folder)) return undefined;
  if (from.stage && to.stage)
    return {
      wrong: `imports ${target}: stages never import each other (${from.folder}, ${to.folder})`,
      remedy: "hand it over in src/ingest/pipeline, where the stages meet, or move what both need to a folder above",
    };
  return {
    wrong: `imports ${target}: ${to.folder} does not stand above ${from.folder}`,
    remedy: "move what is needed to a folder above both, or hand it over from below (lines: scripts/tidy/law.ts)",
  };
}
