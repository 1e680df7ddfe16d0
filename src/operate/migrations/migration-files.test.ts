import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { migrationsDirectory } from "./migrate.ts";
import { parseMigrationFile, readMigrationFiles } from "./migration-files.ts";
import { checkApplied } from "./migration-history.ts";

const header = ["Why:", "Change:", "Cost:", "Order:", "Undo:", "Check:"].map((label) => `-- ${label} x\n`).join("");

async function read(names: string[]): Promise<number[]> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-files-"));
  try {
    for (const name of names) await writeFile(join(directory, name), `${header}SELECT 1;`);
    return (await readMigrationFiles(directory)).map((file) => file.version);
  } finally {
    await rm(directory, { recursive: true });
  }
}

it("readMigrationFiles() reads the files in the order of their numbers, and leaves others alone", async () => {
  expect(await read(["0002_b.sql", "0001_a.sql", "README.md"])).toEqual([1, 2]);
});

it.each([
  [["0001_a.sql", "0003_c.sql"], "0003_c.sql stands where 2 is due"],
  [["0001_a.sql", "0001_b.sql"], "0001_b.sql has a number that another file has"],
  [["0002_a.sql"], "0002_a.sql stands where 1 is due"],
  [["0001_a.sql", "two.sql"], "two.sql is not named NNNN_name.sql"],
  [["0000_a.sql"], "0000_a.sql is not named NNNN_name.sql"],
  [[], "No migration file"],
])("readMigrationFiles() refuses %j", async (names, message) => {
  await expect(read(names)).rejects.toMatchObject({ code: "E_MIGRATION", message: expect.stringContaining(message) });
});

it("parseMigrationFile() refuses a header without one of its labels, or in another order", () => {
  expect(() => parseMigrationFile("0001_a.sql", header.replace("Undo:", "Redo:"))).toThrow('has no "-- Undo:"');
  expect(() => parseMigrationFile("0001_a.sql", `-- Check: x\n${header}`)).toThrow('has no "-- Check:"');
  expect(() => parseMigrationFile("0001_a.sql", `SELECT 1;\n${header}`)).toThrow('has no "-- Why:"');
});

it("parseMigrationFile() gives the checksum of the text, the same for CRLF line ends, another for any other change", () => {
  const text = `${header}SELECT 1;\n`;
  const { checksum } = parseMigrationFile("0001_a.sql", text);
  expect(checksum).toMatch(/^[0-9a-f]{64}$/);
  expect(parseMigrationFile("0001_a.sql", text.replaceAll("\n", "\r\n")).checksum).toBe(checksum);
  expect(parseMigrationFile("0001_a.sql", `${text} `).checksum).not.toBe(checksum);
});

it("checkApplied() refuses a file that was skipped on the server", async () => {
  const files = await readMigrationFiles(migrationsDirectory);
  const recorded = files.filter((file) => file.version !== 2);
  expect(() => checkApplied(files, recorded)).toThrow("0002_fact_event.sql was skipped");
  expect(() => checkApplied(files, files.slice(0, 3))).not.toThrow();
});
