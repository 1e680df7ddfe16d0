import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { type MigrateOptions, type MigrationReport, migrate } from "../operate/migrations/migrate.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { addOptions } from "./add-options.ts";

const rows = commandRows.migrate;

/**
 * `millrace migrate`: brings the tables of ClickHouse up to date. Fails with the errors of migrate()
 * (src/operate/migrations/migrate.ts).
 *
 * @param print takes the output, line by line
 */
export function addMigrateCommand(
  program: Command,
  environment: Environment,
  print: (line: string) => void = console.log,
): void {
  addOptions(program.command("migrate"), rows)
    .description("create or update the tables in ClickHouse (sql/migrations); a second run changes nothing")
    .action(async (typed: TypedOptions<typeof rows>) => {
      const options = readOptions(rows, typed);
      const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
      try {
        const report = await migrate(client, migrateOptions(options));
        for (const line of options.json ? [JSON.stringify(report)] : describe(report)) print(line);
      } finally {
        await client.close();
      }
    });
}

function migrateOptions(options: OptionValues<typeof rows>): MigrateOptions {
  const { events, dryRun, replicated, cluster, deduplicationWindowInserts, deduplicationWindowSeconds } = options;
  return {
    dryRun,
    eventTables: events ? "made" : "kept",
    // Of a cluster they are replicated anyway.
    ...(replicated ? { replicated } : {}),
    ...(cluster === undefined ? {} : { cluster }),
    deduplicationWindowInserts,
    deduplicationWindowSeconds,
    ttlDays: {
      fact: options.factTtlDays,
      dead_letter: options.deadLetterTtlDays,
      latency: options.latencyTtlDays,
      aggregate: options.aggregateTtlDays,
      realtime: options.realtimeTtlDays,
    },
  };
}

function describe(report: MigrationReport): string[] {
  if (report.applied.length === 0) return [`Nothing to do: ClickHouse is at migration ${report.version}`];
  if (report.dryRun) {
    return report.applied.flatMap((migration) => [
      `-- ${migration.name}`,
      ...migration.statements.map((statement) => `${statement};`),
    ]);
  }
  return [
    ...report.applied.map((migration) => `applied ${migration.name} (${migration.durationMs} ms)`),
    `ClickHouse is at migration ${report.version}`,
  ];
}
