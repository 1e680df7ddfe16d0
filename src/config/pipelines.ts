import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../core/errors.ts";

/** A pipeline file as it lies on disk. */
export interface PipelineText {
  fileName: string;
  text: string;
}

/** Pipelines are written by people; what is larger is something else. */
const FILE_BYTES_MAX = 256 * 1024;

/** Reads all `*.yaml` and `*.yml` of a folder; an absent folder has none. @throws MillraceError E_CONFIG */
export async function readPipelineFiles(folder: string): Promise<PipelineText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(
    files.map(async (name) => {
      const fileName = join(folder, name);
      const { size } = await stat(fileName);
      if (size > FILE_BYTES_MAX) {
        throw new MillraceError("E_CONFIG", `${fileName} has ${size} bytes: at most ${FILE_BYTES_MAX} are read`);
      }
      return { fileName, text: await readFile(fileName, "utf8") };
    }),
  );
}
