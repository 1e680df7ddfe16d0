import { MillraceError } from "../../core/errors.ts";
import type { MigrationFile } from "./migration-files.ts";

/** A row of millrace_migrations. */
export interface RecordedMigration {
  version: number;
  name: string;
  checksum: string;
}

/**
 * Compares what the server says was applied with the files. Throws MillraceError E_MIGRATION for a recorded version
 * that no file has (the server was migrated by a newer Millrace), a file whose text differs from what was applied, or
 * a file that was skipped. Files that are `optional` may be skipped, and applied later.
 */
export function checkApplied(
  files: MigrationFile[],
  recorded: RecordedMigration[],
  optional: ReadonlySet<number> = new Set(),
): void {
  const byVersion = new Map(files.map((file) => [file.version, file]));
  for (const migration of recorded) {
    const file = byVersion.get(migration.version);
    if (file === undefined) {
      const advice = "use the Millrace that applied it, or a newer one";
      throw new MillraceError(
        "E_MIGRATION",
        `The server has migration ${migration.name}, for which there is no file: ${advice}`,
      );
    }
    if (file.checksum !== migration.checksum) {
      const digests = `applied ${migration.checksum.slice(0, 12)}, file ${file.checksum.slice(0, 12)}`;
      const advice = "restore the file and put the change into a new one";
      throw new MillraceError(
        "E_MIGRATION",
        `Migration ${file.name} was changed after it was applied (${digests}): ${advice}`,
      );
    }
  }
  const applied = new Set(recorded.map((migration) => migration.version));
  const highest = Math.max(0, ...applied);
  const skipped = files.find(
    (file) => !optional.has(file.version) && file.version < highest && !applied.has(file.version),
  );
  if (skipped !== undefined) {
    const state = `later ones are applied on the server (up to ${highest}) and this one is not`;
    throw new MillraceError(
      "E_MIGRATION",
      `Migration ${skipped.name} was skipped: ${state}; apply it by hand and record it`,
    );
  }
}
