import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { MillraceError } from "../../../core/errors.ts";

/** Replaces a small JSON file in one step: a process killed in between leaves the old or the new content. */
export function writeJsonFile(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Reads a JSON file; undefined when it does not exist.
 *
 * @throws MillraceError E_EMBEDDED when the content is not JSON
 */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillraceError(
      "E_EMBEDDED",
      `Cannot read ${path} of the embedded Kafka: it is not JSON. Restore it, or delete the data directory.`,
      { cause },
    );
  }
}
