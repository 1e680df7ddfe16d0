import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { splitStatements } from "../operate/migrations/migration-sql.ts";

const migrations = join(import.meta.dirname, "../../sql/migrations");

/** The statements of a file as texts, without comments. */
export function statementsOf(text: string): string[] {
  return splitStatements(text).map((segments) =>
    segments
      .map((segment) => segment.text)
      .join("")
      .trim(),
  );
}

/** Every statement of all migrations, unrendered. */
export async function migrationFiles(): Promise<string[]> {
  const names = (await readdir(migrations)).filter((name) => name.endsWith(".sql")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(migrations, name), "utf8")));
  return texts.flatMap(statementsOf);
}
