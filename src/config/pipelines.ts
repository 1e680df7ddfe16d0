import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A pipeline file as it lies on disk. */
export interface PipelineText {
  fileName: string;
  text: string;
}

/** Reads all `*.yaml` and `*.yml` of a folder; an absent folder has none. */
export async function readPipelineFiles(folder: string): Promise<PipelineText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(
    files.map(async (name) => {
      const fileName = join(folder, name);
      return { fileName, text: await readFile(fileName, "utf8") };
    }),
  );
}
