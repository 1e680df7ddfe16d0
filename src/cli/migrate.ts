import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { parseCount } from "../config/values.ts";
import { type MigrateOptions, type MigrationReport, migrate } from "../operate/migrations/migrate.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";

interface MigrateFlags {
  dryRun?: true;
  events?: true;
  json?: true;
  replicated?: true;
  cluster?: string;
  deduplicationWindow?: number;
  deduplicationWindowSeconds?: number;
  factTtlDays?: number;
  deadLetterTtlDays?: number;
  latencyTtlDays?: number;
  aggregateTtlDays?: number;
  realtimeTtlDays?: number;
}

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
  program
    .command("migrate")
    .description("create or update the tables in ClickHouse (sql/migrations); a second run changes nothing")
    .option("--events", "also the tables and views of the built-in pipeline: fact_event and what counts it")
    .option("--dry-run", "print the SQL that would run, and change nothing")
    .option("--json", "print the report as one JSON document")
    .option("--replicated", "make Replicated tables; the servers need the macros {shard} and {replica}")
    .option("--cluster <name>", "run every statement ON CLUSTER; means --replicated")
    .option(
      "--deduplication-window <inserts>",
      "inserts that each table remembers (default 100000)",
      count("--deduplication-window"),
    )
    .option(
      "--deduplication-window-seconds <s>",
      "for how long, on replicated tables (default 86400)",
      count("--deduplication-window-seconds"),
    )
    .option("--fact-ttl-days <days>", "keep events (default 14; 8 and up, or 0 for ever)", count("--fact-ttl-days"))
    .option(
      "--dead-letter-ttl-days <days>",
      "keep dead letters and their counts (default 30; 0 for ever)",
      count("--dead-letter-ttl-days"),
    )
    .option(
      "--latency-ttl-days <days>",
      "keep latency histograms (default 30; 0 for ever)",
      count("--latency-ttl-days"),
    )
    .option(
      "--aggregate-ttl-days <days>",
      "keep aggregates by event time (default 30; 0 for ever)",
      count("--aggregate-ttl-days"),
    )
    .option(
      "--realtime-ttl-days <days>",
      "keep the 10-second aggregates (default 2; 0 for ever)",
      count("--realtime-ttl-days"),
    )
    .action(async (flags: MigrateFlags) => {
      const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
      try {
        const report = await migrate(client, toOptions(flags));
        for (const line of flags.json ? [JSON.stringify(report)] : describe(report)) print(line);
      } finally {
        await client.close();
      }
    });
}

/** Bounds are those of the settings (src/operate/migrations/migration-settings.ts); here only that it is a whole number. */
function count(option: string): (text: string) => number {
  return (text) => parseCount(option, text, { min: 0, max: 1_000_000_000 });
}

function toOptions(flags: MigrateFlags): MigrateOptions {
  return dropUndefined<MigrateOptions>({
    dryRun: flags.dryRun,
    eventTables: flags.events === true ? "made" : "kept",
    replicated: flags.replicated,
    cluster: flags.cluster,
    deduplicationWindowInserts: flags.deduplicationWindow,
    deduplicationWindowSeconds: flags.deduplicationWindowSeconds,
    ttlDays: dropUndefined<NonNullable<MigrateOptions["ttlDays"]>>({
      fact: flags.factTtlDays,
      dead_letter: flags.deadLetterTtlDays,
      latency: flags.latencyTtlDays,
      aggregate: flags.aggregateTtlDays,
      realtime: flags.realtimeTtlDays,
    }),
  });
}

function dropUndefined<T>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
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
