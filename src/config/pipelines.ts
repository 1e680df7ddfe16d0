import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { MillraceError } from "../core/errors.ts";
import { explainFileError } from "../core/file-error.ts";

/** A pipeline file as it lies on disk; `fault` instead of its text when it cannot be read. */
export type PipelineText = { fileName: string } & ({ text: string } | { fault: MillraceError });

/** Pipelines are written by people; what is larger is something else. */
const FILE_BYTES_MAX = 256 * 1024;

/** Reads all `*.yaml` and `*.yml` of a folder; an absent folder has none. @throws MillraceError E_CONFIG */
export async function readPipelineFiles(folder: string): Promise<PipelineText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    const why = error.code === "ENOTDIR" ? "it is a file; name its folder" : explainFileError(error);
    throw new MillraceError("E_CONFIG", `--pipelines ${folder}: cannot be read: ${why}`, { cause: error });
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(files.map((name) => readPipelineFile(join(folder, name))));
}

async function readPipelineFile(fileName: string): Promise<PipelineText> {
  try {
    const { size } = await stat(fileName);
    if (size <= FILE_BYTES_MAX) return { fileName, text: await readFile(fileName, "utf8") };
    const what = `${fileName} has ${size} bytes: at most ${FILE_BYTES_MAX} are read`;
    return { fileName, fault: new MillraceError("E_CONFIG", what) };
  } catch (cause) {
    const what = `${fileName} cannot be read: ${(cause as Error).message}`;
    return { fileName, fault: new MillraceError("E_CONFIG", what, { cause }) };
  }
}

/** The pipelines that a file which cannot be used may have been meant for: its `name`, as far as it has one, or its own. */
export function namesMeantBy(file: PipelineText): string[] {
  const own = basename(file.fileName, extname(file.fileName));
  const written = "text" in file ? /^name:[ \t]*["']?([\w.-]+)/m.exec(file.text)?.[1] : undefined;
  return written === undefined ? [own] : [written];
}
