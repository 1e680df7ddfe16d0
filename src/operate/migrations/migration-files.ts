import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { type SqlStatement, splitStatements, UnterminatedSqlError } from "./migration-sql.ts";

export interface MigrationFile {
  /** 1 and up, without gaps: the number that the file's name begins with. */
  version: number;
  /** The file's name, for example `0002_fact_event.sql`. */
  name: string;
  /** SHA-256 of the text as it stands in the file (line ends as LF), in hex: 64 characters. */
  checksum: string;
  statements: SqlStatement[];
}

const fileName = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** What the comment that opens every migration has to say, in this order (sql/README.md). */
const headerLabels = ["Why:", "Change:", "Cost:", "Order:", "Undo:", "Check:"];

/**
 * Reads every `NNNN_name.sql` of a directory, in order. Throws MillraceError E_MIGRATION, naming the file, for another
 * name that ends in .sql, a number that is missing or twice there, a header without its six labels, or SQL that ends
 * inside a literal.
 */
export async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const names = (await listDirectory(directory)).filter((name) => name.endsWith(".sql")).sort();
  if (names.length === 0) {
    throw new MillraceError("E_MIGRATION", `No migration file (NNNN_name.sql) in ${directory}: check the directory`);
  }
  const files: MigrationFile[] = [];
  for (const name of names) {
    const file = parseMigrationFile(name, await readFile(join(directory, name), "utf8"));
    const expected = files.length + 1;
    if (file.version !== expected) {
      const problem =
        file.version < expected ? "has a number that another file has" : `stands where ${expected} is due`;
      throw new MillraceError("E_MIGRATION", `Migration ${name} ${problem}: number the files from 0001 without gaps`);
    }
    files.push(file);
  }
  return files;
}

async function listDirectory(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw new MillraceError("E_MIGRATION", `Cannot read the migrations directory ${directory}`, { cause: error });
  }
}

/** Parses one file; see readMigrationFiles for what it refuses. */
export function parseMigrationFile(name: string, content: string): MigrationFile {
  const version = Number(fileName.exec(name)?.[1] ?? 0);
  if (version === 0) {
    throw new MillraceError("E_MIGRATION", `Migration ${name} is not named NNNN_name.sql (0001 and up): rename it`);
  }
  // A checkout with CRLF line ends is the same migration.
  const text = content.replaceAll("\r\n", "\n");
  const missing = headerLabels.find((label, index) => !headerHas(text, label, headerLabels.slice(0, index)));
  if (missing !== undefined) {
    throw new MillraceError("E_MIGRATION", `Migration ${name} has no "-- ${missing}" in its opening comment: add it`);
  }
  return { version, name, checksum: createHash("sha256").update(text).digest("hex"), statements: split(name, text) };
}

/** Whether the opening comment has `label` at the start of a line, after the labels of `before`. */
function headerHas(text: string, label: string, before: string[]): boolean {
  const header = text.split("\n");
  const end = header.findIndex((line) => !line.startsWith("--"));
  const lines = end === -1 ? header : header.slice(0, end);
  const position = (wanted: string) => lines.findIndex((line) => line.startsWith(`-- ${wanted}`));
  return position(label) !== -1 && before.every((earlier) => position(earlier) < position(label));
}

function split(name: string, text: string): SqlStatement[] {
  try {
    return splitStatements(text);
  } catch (error) {
    if (!(error instanceof UnterminatedSqlError)) throw error;
    throw new MillraceError("E_MIGRATION", `Migration ${name}: ${error.message}`, { cause: error });
  }
}
