import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** Whether the module at `url` is the program that was started, not imported by another. */
export function isMain(url: string): boolean {
  const started = process.argv[1];
  return started !== undefined && pathToFileURL(realpathSync(started)).href === url;
}
