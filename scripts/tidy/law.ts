/**
 * The import law. A folder may import its own files and those of the folders that stand above it here; of folders on the
 * same line, or below, only those that are named behind it.
 */
export const law: Law = [
  // A browser takes its files as they lie there: above all others, it can import none of them.
  [{ folder: "src/server/console/page", forBrowsers: true }],
  [{ folder: "src/core" }],
  [{ folder: "src/clients" }],
  [{ folder: "src/clients/kafka" }, { folder: "src/clients/clickhouse" }],
  [{ folder: "src/config" }],
  [{ folder: "src/schema" }],
  [{ folder: "src/codec" }],
  [{ folder: "workers" }],
  [{ folder: "src/telemetry" }],
  // Stages never import each other: they meet in the pipeline.
  [
    { folder: "src/ingest/source", stage: true },
    { folder: "src/ingest/dispatch", stage: true },
    { folder: "src/ingest/sink", stage: true },
    { folder: "src/ingest/commit", stage: true },
    { folder: "src/ingest/dead-letters" },
  ],
  [{ folder: "src/ingest/pipeline" }],
  [
    { folder: "src/operate/doctor", also: ["src/operate/migrations"] },
    { folder: "src/operate/reconcile" },
    { folder: "src/operate/dead-letters" },
    { folder: "src/operate/offsets", also: ["src/operate/reconcile"] },
    { folder: "src/operate/migrations" },
    { folder: "src/operate/dimensions" },
    { folder: "src/operate/diagnosis" },
    { folder: "src/operate/tail" },
  ],
  // A child process is the whole program once more: its entry is named, not imported.
  [{ folder: "src/run", also: ["src/millrace.mjs"] }],
  [{ folder: "src/embedded" }, { folder: "src/server" }, { folder: "src/simulator", also: ["src/server"] }],
  [{ folder: "src/cli" }],
  [{ folder: "src/main.ts" }],
  [{ folder: "src/millrace.mjs" }],
  // Not the program: they may use what its tests use.
  [{ folder: "bench" }, { folder: "scripts" }],
];

export type Law = readonly (readonly FolderLaw[])[];

export interface FolderLaw {
  /** From the root; a single file may stand for itself. */
  folder: string;
  /** Folders of the same line, or of one below, that it may import. */
  also?: readonly string[];
  /** Its code is JavaScript (.js), with its types in comments: no runtime of ours reads it. */
  forBrowsers?: boolean;
  /** A stage of the ingester. */
  stage?: boolean;
}

/** What the law says of the folder that a file belongs to, the deepest one; undefined: nothing. */
export function folderLawOf(law: Law, file: string): FolderLaw | undefined {
  return law
    .flat()
    .filter(({ folder }) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

/** Whether one folder stands above the other, so that the other may import it. */
export function standsAbove(law: Law, upper: FolderLaw, lower: FolderLaw): boolean {
  return law.findIndex((line) => line.includes(upper)) < law.findIndex((line) => line.includes(lower));
}
