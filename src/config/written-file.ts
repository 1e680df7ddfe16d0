import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { MillraceError } from "../core/errors.ts";
import { explainFileError } from "../core/file-error.ts";

/**
 * A file that cannot be written must be known before the run, not after hours of it.
 *
 * @throws MillraceError E_CONFIG
 */
export function checkWrittenFile(flag: string, file: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new MillraceError("E_CONFIG", `${flag} ${file}: cannot be written: ${why}`, { cause });
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw refuse("it is a folder");
  try {
    const folder = dirname(file);
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw refuse(`${folder} is not a folder`);
    return file;
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw refuse(explainFileError(error), error);
  }
}
