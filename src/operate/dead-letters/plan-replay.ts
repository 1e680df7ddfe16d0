import type { ClickHouseClient } from "@clickhouse/client";
import type { Pipeline } from "../../schema/pipeline.ts";
import type { LetterFilter } from "./filter.ts";
import { countOpenLetters } from "./read-letters.ts";
import { refuseUnknownTable } from "./refuse-unknown-table.ts";

/** What a replay would look at. */
export interface ReplayPlan {
  filter: LetterFilter;
  letters: number;
}

/**
 * Changes nothing.
 *
 * @param choice.table only letters of what writes into it; undefined: all
 * @throws MillraceError E_CONFIG when nobody knows the table.
 */
export async function planReplay(
  client: ClickHouseClient,
  given: Omit<LetterFilter, "targets">,
  { table, pipelines, limit }: { table: string | undefined; pipelines: readonly Pipeline[]; limit: number },
): Promise<ReplayPlan> {
  const target = table === undefined ? undefined : { table, writers: writersOf(table, pipelines) };
  const filter = { ...given, targets: target?.writers };
  const letters = Math.min(limit, await countOpenLetters(client, filter));
  if (letters === 0 && target !== undefined) await refuseUnknownTable(client, target, pipelines);
  return { filter, letters };
}

/** Names of the pipelines whose letters are replayed into the table. That of `start --topic … --table …` is the table's. */
function writersOf(table: string, pipelines: readonly Pipeline[]): string[] {
  return [table, ...pipelines.filter((pipeline) => pipeline.table === table).map(({ name }) => name)];
}
