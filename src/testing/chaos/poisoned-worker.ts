import { existsSync, unlinkSync } from "node:fs";
import transcode from "../../../workers/transcode.ts";
import { FOLDER_VARIABLE, poisonFile } from "./poison.ts";

export { prepare } from "../../../workers/transcode.ts";

const poison = poisonFile(process.env[FOLDER_VARIABLE]!, process.pid);

/**
 * The worker thread as it is, except that it ends in the middle of a task when the run has laid down a file for its
 * process. A signal cannot hit one thread, and while a thread of the pool waits for tasks it hears no messages either.
 */
export default function transcodeOrExit(task: Parameters<typeof transcode>[0]) {
  if (existsSync(poison)) {
    unlinkSync(poison);
    process.exit(1);
  }
  return transcode(task);
}
