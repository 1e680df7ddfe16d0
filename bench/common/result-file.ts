import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeMachine, repositoryDirectory } from "./machine.ts";

/** Where `name`'s results are kept, one JSON line each. */
export function resultFile(name: string): string {
  return join(repositoryDirectory, "bench", "results", `${name}.ndjson`);
}

/** Appends one line per result, each with commit, CPU and runtime. */
export async function appendResults(file: string, results: readonly object[]): Promise<void> {
  const machine = describeMachine();
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, results.map((result) => `${JSON.stringify({ ...machine, ...result })}\n`).join(""));
}
