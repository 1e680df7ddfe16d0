import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";
import { type MigrationFile, readMigrationFiles } from "./migration-files.ts";
import { checkApplied, type RecordedMigration } from "./migration-history.ts";
import { renderStatement } from "./migration-render.ts";
import { checkMigrationSettings, defaultMigrationSettings, type MigrationSettings } from "./migration-settings.ts";

/** The migrations that come with Millrace. */
export const migrationsDirectory = join(import.meta.dirname, "../../../sql/migrations");

export interface MigrateOptions extends Partial<Omit<MigrationSettings, "ttlDays" | "database">> {
  /** Days to keep, by kind; kinds that are not given keep their default. 0 = for ever. */
  ttlDays?: Partial<MigrationSettings["ttlDays"]>;
  /** Where the files are; default: those that come with Millrace. */
  directory?: string;
  /** The tables and views of the built-in pipeline `events`: made (default), or kept up to date where they are. */
  eventTables?: "made" | "kept";
  /** Changes nothing; the report has the SQL that would run. Default false. */
  dryRun?: boolean;
}

export interface PendingMigration {
  version: number;
  name: string;
  /** The SQL as it is sent, placeholders replaced. */
  statements: string[];
  /** 0 in a dry run. */
  durationMs: number;
}

export interface MigrationReport {
  dryRun: boolean;
  /** Files that were applied by this call, or would be in a dry run, in order. */
  applied: PendingMigration[];
  /** How many files were recorded before this call. */
  alreadyApplied: number;
  /** Highest version that the server has now, or would have. */
  version: number;
}

const historyTable = `${ownDatabase}.millrace_migrations`;

/**
 * Files of the built-in pipeline `events`: its facts and the aggregates over them. Everything else Millrace needs itself,
 * whatever it runs.
 */
const eventVersions: ReadonlySet<number> = new Set([2, 5, 6, 7, 8, 12, 14, 15]);

/**
 * Brings a server to the newest migration. Calling it again changes nothing.
 *
 * Two instances may run it at the same time. No lock is taken (ClickHouse has none to give): every statement can be
 * repeated, so both send all of them in the same order, and the record of a file carries a token, so one row remains.
 * The history is read again at the end, so that two different programs racing for one version do not both succeed.
 *
 * Throws MillraceError: E_CONFIG for a setting out of bounds, E_MIGRATION, naming the file, for a file that was changed
 * after it had been applied, a gap, a recorded version that no file has, or a statement that the server refuses. What
 * was applied before stays applied; the next call continues there.
 */
export async function migrate(client: ClickHouseClient, options: MigrateOptions = {}): Promise<MigrationReport> {
  const settings = resolveSettings(options);
  const files = await readMigrationFiles(options.directory ?? migrationsDirectory);
  const recorded = await readHistory(client);
  const known = new Set(recorded.map((migration) => migration.version));
  checkApplied(files, recorded, eventVersions);
  const isWithout = options.eventTables === "kept" && known.isDisjointFrom(eventVersions);
  const rendered = files.map((file) => render(file, settings));
  const wanted = isWithout ? withoutEvents(rendered) : rendered;
  const pending = wanted.filter(({ file }) => !known.has(file.version));
  const dryRun = options.dryRun ?? false;
  if (!dryRun && pending.length > 0) {
    for (const migration of pending) await apply(client, migration.file, migration.report);
    checkApplied(files, await readHistory(client), eventVersions);
  }
  return {
    dryRun,
    applied: pending.map((migration) => migration.report),
    alreadyApplied: known.size,
    version: files.length,
  };
}

interface Rendered {
  file: MigrationFile;
  report: PendingMigration;
}

/**
 * What is left when the tables of `events` are not wanted: their files go, and of the others what alters one of them. Files
 * of `events` that come later repeat such a statement.
 */
function withoutEvents(rendered: readonly Rendered[]): Rendered[] {
  const isOfEvents = ({ file }: Rendered) => eventVersions.has(file.version);
  const made = rendered
    .filter(isOfEvents)
    .flatMap(({ report }) => report.statements.map((sql) => /^CREATE [A-Z ]+ (\w+\.\w+)/.exec(sql)?.[1]));
  const tables = new Set(made);
  return rendered
    .filter((migration) => !isOfEvents(migration))
    .map(({ file, report }) => {
      const statements = report.statements.filter((sql) => !tables.has(/^ALTER TABLE (\w+\.\w+)/.exec(sql)?.[1] ?? ""));
      return { file, report: { ...report, statements } };
    });
}

function resolveSettings(options: MigrateOptions): MigrationSettings {
  const defaults = defaultMigrationSettings;
  const settings: MigrationSettings = {
    database: defaults.database,
    // A cluster without replication is refused below only when it was asked for.
    replicated: options.replicated ?? options.cluster !== undefined,
    cluster: options.cluster,
    deduplicationWindowInserts: options.deduplicationWindowInserts ?? defaults.deduplicationWindowInserts,
    deduplicationWindowSeconds: options.deduplicationWindowSeconds ?? defaults.deduplicationWindowSeconds,
    ttlDays: {
      fact: options.ttlDays?.fact ?? defaults.ttlDays.fact,
      dead_letter: options.ttlDays?.dead_letter ?? defaults.ttlDays.dead_letter,
      latency: options.ttlDays?.latency ?? defaults.ttlDays.latency,
      aggregate: options.ttlDays?.aggregate ?? defaults.ttlDays.aggregate,
      realtime: options.ttlDays?.realtime ?? defaults.ttlDays.realtime,
    },
  };
  checkMigrationSettings(settings);
  return settings;
}

/** Every pending file is rendered before the first one runs: a wrong placeholder in a later file stops them all. */
function render(file: MigrationFile, settings: MigrationSettings): Rendered {
  const statements = file.statements.map((statement) => renderStatement(statement, settings, file.name));
  return { file, report: { version: file.version, name: file.name, statements, durationMs: 0 } };
}

/** On a server without the table, nothing has been applied. */
async function readHistory(client: ClickHouseClient): Promise<RecordedMigration[]> {
  const [database, name] = historyTable.split(".");
  const exists = await readRows<{ one: number }>(
    client,
    `SELECT 1 AS one FROM system.tables WHERE database = '${database}' AND name = '${name}'`,
  );
  if (exists.length === 0) return [];
  return await readRows<RecordedMigration>(
    client,
    `SELECT version, name, toString(checksum) AS checksum FROM ${historyTable} ORDER BY version`,
  );
}

async function readRows<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  try {
    return await queryRows<Row>(client, query);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MillraceError("E_CLICKHOUSE", `Cannot read the migration history: ${reason}`, { cause: error });
  }
}

async function apply(client: ClickHouseClient, file: MigrationFile, report: PendingMigration): Promise<void> {
  const startedMs = performance.now();
  for (const [index, query] of report.statements.entries()) {
    try {
      await client.command({ query, clickhouse_settings: { wait_end_of_query: 1 } });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const where = `Migration ${file.name}, statement ${index + 1} of ${report.statements.length}`;
      throw new MillraceError("E_MIGRATION", `${where} (${query.split("\n")[0]}) was refused: ${reason}`, {
        cause: error,
      });
    }
  }
  report.durationMs = Math.round(performance.now() - startedMs);
  await record(client, file, report.durationMs);
}

/** async_insert is switched off: an unacknowledged record would let the next start apply the file again. */
async function record(client: ClickHouseClient, file: MigrationFile, durationMs: number): Promise<void> {
  await client.insert({
    table: historyTable,
    columns: ["version", "name", "checksum", "duration_ms"],
    values: [{ version: file.version, name: file.name, checksum: file.checksum, duration_ms: durationMs }],
    format: "JSONEachRow",
    clickhouse_settings: {
      insert_deduplication_token: `migration:${file.version}:${file.checksum}`,
      async_insert: 0,
    },
  });
}
