import { MillraceError } from "../../core/errors.ts";
import type { MigrationSettings, TtlKind } from "./migration-settings.ts";
import { ttlKinds } from "./migration-settings.ts";
import type { SqlStatement } from "./migration-sql.ts";

/** The database as the files have it. */
const writtenDatabase = /\banalytics\b/g;

/** `{name}`, `{name:argument}` or `{name:argument:argument}`; the last may be a type such as `DateTime64(3)`. */
const placeholder = /\{(\w+)(?::(\w+))?(?::(\w+(?:\(\d+\))?))?\}/g;

/**
 * The SQL of one statement, its placeholders replaced (sql/README.md lists them). Only code is searched: `{shard}` in a
 * literal is ClickHouse's own. Throws MillraceError E_MIGRATION for a placeholder that does not exist.
 *
 * @param fileName names the migration in errors
 */
export function renderStatement(statement: SqlStatement, settings: MigrationSettings, fileName: string): string {
  const table = createdTable(statement)?.replace(writtenDatabase, settings.database);
  return statement
    .map((segment) =>
      segment.kind === "literal"
        ? segment.text.replaceAll(writtenDatabase, settings.database)
        : segment.text
            .replaceAll(writtenDatabase, settings.database)
            .replace(placeholder, (text, name: string, first?: string, second?: string) => {
              const rendered = renderPlaceholder(name, first, second, settings, table);
              if (rendered !== undefined) return rendered;
              throw new MillraceError("E_MIGRATION", `Migration ${fileName} has the unknown placeholder ${text}`);
            }),
    )
    .join("")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n")
    .trim();
}

function renderPlaceholder(
  name: string,
  first: string | undefined,
  second: string | undefined,
  settings: MigrationSettings,
  table: string | undefined,
): string | undefined {
  // The parameter of a parametrised view, which stays one.
  if (name === "parameter" && first !== undefined && second !== undefined) return `{${first}:${second}}`;
  if (name === "on_cluster" && first === undefined) return renderOnCluster(settings);
  if (name === "deduplication_window" && first === undefined) return renderWindow(settings);
  if (name === "engine" && first !== undefined) return renderEngine(first, "{shard}", table, settings);
  if (name === "engine_on_all_shards" && first !== undefined) return renderEngine(first, "all", table, settings);
  const kind = ttlKinds.find((known) => known === first);
  if (name === "ttl" && kind !== undefined && second !== undefined) return renderTtl(kind, second, settings);
  return undefined;
}

function renderOnCluster(settings: MigrationSettings): string {
  return settings.cluster === undefined ? "" : `ON CLUSTER '${settings.cluster}'`;
}

/** {shard} and {replica} are macros of the server; the table's name is written out, so that a rename stays possible. */
function renderEngine(
  family: string,
  shard: string,
  table: string | undefined,
  settings: MigrationSettings,
): string | undefined {
  if (!family.endsWith("MergeTree") || table === undefined) return undefined;
  if (!settings.replicated) return family;
  return `Replicated${family}('/clickhouse/tables/${shard}/${table.replace(".", "/")}', '{replica}')`;
}

function renderWindow(settings: MigrationSettings): string {
  const inserts = settings.deduplicationWindowInserts;
  if (!settings.replicated) return `non_replicated_deduplication_window = ${inserts}`;
  const seconds = settings.deduplicationWindowSeconds;
  return `replicated_deduplication_window = ${inserts}, replicated_deduplication_window_seconds = ${seconds}`;
}

function renderTtl(kind: TtlKind, column: string, settings: MigrationSettings): string {
  const days = settings.ttlDays[kind];
  return days === 0 ? "" : `TTL toDate(${column}) + INTERVAL ${days} DAY`;
}

/** `database.table` of a CREATE TABLE statement. */
function createdTable(statement: SqlStatement): string | undefined {
  const code = statement.map((segment) => (segment.kind === "code" ? segment.text : " ")).join("");
  return /^\s*CREATE\s+TABLE\s+IF\s+NOT\s+EXISTS\s+(\w+\.\w+)/i.exec(code)?.[1];
}
