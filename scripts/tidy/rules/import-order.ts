import { type FolderLaw, folderLawOf, type Law, standsAbove } from "../law.ts";
import { type Breach, isForTests, lineOf, type Tree } from "../tree.ts";

/** Files of the program that load what no rule sees, each with its reason. One that no longer does has to go from here. */
export const hiddenImports: Record<string, string> = {
  "src/embedded/clickhouse/native.ts": "chdb does not export the loader of its addon, which is asked for by its path",
  "src/ingest/source/raw-kafkajs.ts": "requires the two files of kafkajs whose paths it resolves, names and all, above",
};

const ownFile = "scripts/tidy/rules/import-order.ts";

/** A folder imports what stands above it in the law, and the program nothing that is there for its tests. */
export function importOrder(tree: Tree, law: Law, exceptions = hiddenImports): Breach[] {
  const breaches = tree.modules
    .filter(({ name }) => !isForTests(name))
    .flatMap(({ name, references }) => {
      const from = folderLawOf(law, name);
      if (from === undefined) return []; // The rule about folders says so.
      return references.flatMap(({ target, specifier, line }): Breach[] => {
        const fault =
          specifier === ""
            ? hidden(from, exceptions[name])
            : target === undefined
              ? undefined
              : faultOf(law, from, target);
        return fault === undefined ? [] : [{ file: name, line, ...fault }];
      });
    });
  return [...breaches, ...unused(tree, exceptions)];
}

function unused(tree: Tree, exceptions: Record<string, string>): Breach[] {
  const hiding = tree.modules.filter(({ references }) => references.some(({ specifier }) => specifier === ""));
  const names = new Set(hiding.map(({ name }) => name));
  return Object.keys(exceptions)
    .filter((file) => !names.has(file))
    .map((file) => ({
      file: ownFile,
      line: lineOf(tree, ownFile, `"${file}"`),
      wrong: `excuses ${file}, which writes all its imports out`,
      remedy: "delete the entry",
    }));
}

type Fault = Pick<Breach, "wrong" | "remedy">;

/** What a name that is put together loads, no rule sees; a bench or a script may do so all the same. */
function hidden(from: FolderLaw, excuse: string | undefined): Fault | undefined {
  if (!isProgram(from) || excuse !== undefined) return undefined;
  return {
    wrong: "imports what only the running program knows",
    remedy: `write the names out, one import() or path each, or say why not in hiddenImports of ${ownFile}`,
  };
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
