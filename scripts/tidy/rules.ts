import { law } from "./law.ts";
import { longFiles, longFunctions } from "./long-code.ts";
import { featureReferences } from "./rules/feature-references.ts";
import { fileCircles } from "./rules/file-circles.ts";
import { importOrder } from "./rules/import-order.ts";
import { knownFolders } from "./rules/known-folders.ts";
import { knownPackages } from "./rules/known-packages.ts";
import { fileLength, functionLength } from "./rules/length.ts";
import { namesExist } from "./rules/names-exist.ts";
import { runtimeFree } from "./rules/runtime-free.ts";
import { serverClients } from "./rules/server-clients.ts";
import type { Breach, Tree } from "./tree.ts";

export interface Rule {
  name: string;
  /** One line for `--help`. */
  says: string;
  breaches(tree: Tree): Breach[];
}

export const rules: readonly Rule[] = [
  {
    name: "import-order",
    says: "a folder imports what stands above it in scripts/tidy/law.ts; stages never import each other",
    breaches: (tree) => importOrder(tree, law),
  },
  {
    name: "known-folders",
    says: "every file of code is TypeScript, in a folder of the law; no folder of it is empty, no allowance unused",
    breaches: (tree) => knownFolders(tree, law),
  },
  {
    name: "known-packages",
    says: "imports are relative paths, node: modules and packages that package.json names, written plainly",
    breaches: knownPackages,
  },
  {
    name: "file-circles",
    says: "no file imports itself through others, not for a type either",
    breaches: fileCircles,
  },
  {
    name: "runtime-free",
    says: "core and codec use nothing that one runtime has and another lacks",
    breaches: runtimeFree,
  },
  {
    name: "server-clients",
    says: "connections to Kafka, ClickHouse and others are opened in src/clients, consumers in src/ingest/source",
    breaches: (tree) => serverClients(tree),
  },
  {
    name: "file-length",
    says: "no file has more than 250 lines, but those that scripts/tidy/long-code.ts lists, which only become shorter",
    breaches: (tree) => fileLength(tree, longFiles),
  },
  {
    name: "function-length",
    says: "no function has more than 70 lines, with a list of the same kind",
    breaches: (tree) => functionLength(tree, longFunctions),
  },
  {
    name: "feature-references",
    says: "references to the replaced systems are explained in docs/seeds.md, and nothing else is",
    breaches: featureReferences,
  },
  {
    name: "names-exist",
    says: "documents name only files, npm scripts and commands of millrace that exist, comments only files",
    breaches: namesExist,
  },
];

export interface Finding extends Breach {
  rule: string;
}

/** All breaches of all rules, by file and line. */
export function breachesIn(tree: Tree): Finding[] {
  return rules
    .flatMap((rule) => rule.breaches(tree).map((breach) => ({ rule: rule.name, ...breach })))
    .sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}
