/**
 * The import law. A folder below `src/` may import its own files and those of the folders that stand above it here; of
 * folders on the same line only those that are named behind it.
 */
export const lines: readonly (readonly FolderLaw[])[] = [
  [{ folder: "core" }],
  [{ folder: "clients" }],
  [{ folder: "clients/kafka" }, { folder: "clients/clickhouse" }],
  [{ folder: "config" }],
  [{ folder: "schema" }],
  [{ folder: "codec" }],
  [{ folder: "telemetry" }],
  // Stages never import each other: they meet in the pipeline.
  [
    { folder: "ingest/source" },
    { folder: "ingest/dispatch" },
    { folder: "ingest/sink" },
    { folder: "ingest/commit" },
    { folder: "ingest/dead-letters" },
  ],
  [{ folder: "ingest/pipeline" }],
  [
    { folder: "operate/doctor", also: ["operate/migrations"] },
    { folder: "operate/reconcile" },
    { folder: "operate/dead-letters" },
    { folder: "operate/offsets" },
    { folder: "operate/migrations" },
  ],
  [{ folder: "run" }],
  [{ folder: "embedded" }, { folder: "server" }, { folder: "simulator", also: ["server"] }],
  [{ folder: "cli" }],
];

export interface FolderLaw {
  folder: string;
  /** Folders of the same line that it may import. */
  also?: readonly string[];
}

/** The folder of the law that a file belongs to, the deepest one; undefined: none. @param name below `src` */
export function folderOf(name: string): string | undefined {
  return lines
    .flat()
    .map(({ folder }) => folder)
    .filter((folder) => name.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Whether files of one folder may import those of the other. */
export function mayImport(from: string, to: string | undefined): boolean {
  if (to === undefined) return false;
  const lineOf = (folder: string) => lines.findIndex((line) => line.some((law) => law.folder === folder));
  const also = lines.flat().find(({ folder }) => folder === from)?.also ?? [];
  return from === to || lineOf(to) < lineOf(from) || also.includes(to);
}
