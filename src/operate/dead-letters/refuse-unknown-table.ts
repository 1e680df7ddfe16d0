import type { ClickHouseClient } from "@clickhouse/client";
import { MillraceError } from "../../core/errors.ts";
import type { Pipeline } from "../../schema/pipeline.ts";
import { readTable } from "../../schema/read-table.ts";
import { groupLetters } from "./read-letters.ts";

/**
 * For a table without letters to replay: that is done, unless nobody knows the table. A mistyped name would else look
 * like success.
 *
 * @param target.writers names of the pipelines whose letters are the table's
 * @throws MillraceError E_CONFIG when no letter is of the table, and ClickHouse has none of that name
 */
export async function refuseUnknownTable(
  client: ClickHouseClient,
  target: { table: string; writers: readonly string[] },
  pipelines: readonly Pipeline[],
): Promise<void> {
  const { table, writers } = target;
  const names = new Set((await groupLetters(client, {})).map(({ pipeline }) => pipeline));
  if (writers.some((name) => names.has(name))) return;
  try {
    await readTable(client, table);
  } catch (cause) {
    if (!(cause instanceof MillraceError) || cause.code !== "E_PLAN") throw cause;
    // A pipeline without a file is that of `start --topic … --table …`: it is named like its table.
    const tableOf = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline.table]));
    const tables = [...new Set([...names].map((name) => tableOf.get(name) ?? name))].sort();
    const others = tables.length === 0 ? "there are no dead letters" : `there are letters of ${tables.join(", ")}`;
    throw new MillraceError(
      "E_CONFIG",
      `--table ${table}: no dead letter names it, and ClickHouse has no table of that name, or the user may not see it; ${others}`,
      { cause },
    );
  }
}
