import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { MillraceError } from "../core/errors.ts";
import { type MigrateOptions, type MigrationReport, migrate } from "../schema/migrate.ts";

interface MigrateFlags {
  dryRun?: true;
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
 * Adds `millrace migrate`. Fails with the errors of migrate() (src/schema/migrate.ts); the caller turns them into exit
 * codes.
 *
 * @param connect makes the client from the configuration; called once, and the client is closed afterwards
 * @param print takes the output, line by line
 */
export function addMigrateCommand(
  program: Command,
  connect: () => ClickHouseClient,
  print: (line: string) => void = console.log,
): void {
  program
    .command("migrate")
    .description("Create or update the tables in ClickHouse (sql/migrations); a second run changes nothing")
    .option("--dry-run", "print the SQL that would run, and change nothing")
    .option("--json", "print the report as one JSON document")
    .option("--replicated", "make Replicated tables; the servers need the macros {shard} and {replica}")
    .option("--cluster <name>", "run every statement ON CLUSTER; means --replicated")
    .option("--deduplication-window <inserts>", "inserts that each table remembers (default 100000)", whole)
    .option("--deduplication-window-seconds <s>", "for how long, on replicated tables (default 86400)", whole)
    .option("--fact-ttl-days <days>", "keep events (default 14; 8 and up, or 0 for ever)", whole)
    .option("--dead-letter-ttl-days <days>", "keep dead letters and their counts (default 30; 0 for ever)", whole)
    .option("--latency-ttl-days <days>", "keep latency histograms (default 30; 0 for ever)", whole)
    .option("--aggregate-ttl-days <days>", "keep aggregates by event time (default 30; 0 for ever)", whole)
    .option("--realtime-ttl-days <days>", "keep the 10-second aggregates (default 2; 0 for ever)", whole)
    .action(async (flags: MigrateFlags) => {
      const client = connect();
      try {
        const report = await migrate(client, toOptions(flags));
        for (const line of flags.json ? [JSON.stringify(report)] : describe(report)) print(line);
      } finally {
        await client.close();
      }
    });
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new MillraceError("E_CONFIG", `Cannot use ${text}: a whole number is needed`);
  return Number(text);
}

function toOptions(flags: MigrateFlags): MigrateOptions {
  return dropUndefined<MigrateOptions>({
    dryRun: flags.dryRun,
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
