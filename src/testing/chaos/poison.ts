import { join } from "node:path";

/** Variable that names the run's folder to the ingesters and their threads. */
export const FOLDER_VARIABLE = "MILLRACE_CHAOS_FOLDER";

/** The file that makes the next task of a worker thread of process `pid` end its thread. */
export function poisonFile(folder: string, pid: number): string {
  return join(folder, `worker-exit.${pid}`);
}
