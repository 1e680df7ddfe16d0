import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const migrations = join(import.meta.dirname, "../../sql/migrations");

/** The statements of a file that has no semicolon inside of a literal, without `--` comments. */
export function splitStatements(text: string): string[] {
  return text
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** Every statement of all migrations, unrendered. */
export async function migrationFiles(): Promise<string[]> {
  const names = (await readdir(migrations)).filter((name) => name.endsWith(".sql")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(migrations, name), "utf8")));
  return texts.flatMap(splitStatements);
}
