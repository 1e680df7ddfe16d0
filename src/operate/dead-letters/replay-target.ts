import type { ClickHouseClient } from "@clickhouse/client";
import { limitsCondition, quoteName } from "../../clients/clickhouse/sql-text.ts";
import { MillraceError } from "../../core/errors.ts";
import { otherClusters, sharedTableText } from "../../ingest/pipeline/writers.ts";
import type { ColumnType, RecordField, TablePlan } from "../../schema/plan.ts";
import { type LetterKey, letterName, placeName, placeTuples } from "./letter.ts";
import { ask } from "./read-letters.ts";

/** A letter's place and record time: what a stored row would have of it. */
export type Place = LetterKey & { ingestMs: number };

/** A target table, as far as replays have to know it. */
export interface Target {
  /**
   * Which of the letters are rows of the table already, by `letterName`; undefined when the table does not store
   * coordinates, so that nobody can know.
   */
  held: ((places: readonly Place[]) => Promise<Set<string>>) | undefined;
}

/**
 * Reads what the target table can promise.
 *
 * @throws MillraceError E_PLAN when a row could be doubled there, and `atLeastOnce` does not allow it.
 */
export async function readTarget(client: ClickHouseClient, plan: TablePlan, atLeastOnce: boolean): Promise<Target> {
  const weaknesses: string[] = [];
  if (!(await hasWindow(client, plan.table))) {
    weaknesses.push(
      "it has no deduplication window, so an insert that is repeated writes its rows again " +
        `(ALTER TABLE ${plan.table} MODIFY SETTING non_replicated_deduplication_window = 100000)`,
    );
  }
  const clusters = await otherClusters(client, plan);
  if (clusters.length > 0) weaknesses.push(sharedTableText(plan, clusters));
  const held = clusters.length > 0 ? undefined : compileHeld(client, plan);
  if (clusters.length === 0 && held === undefined) {
    weaknesses.push(
      "it does not store topic, partition and offset, so nobody can see whether a letter is in it already " +
        "(add the columns kafka_topic, kafka_partition and kafka_offset)",
    );
  }
  if (weaknesses.length > 0 && !atLeastOnce) {
    throw new MillraceError(
      "E_PLAN",
      `A replay into ${plan.table} could double rows: ${weaknesses.join("; and ")}. ` +
        "Mend that, or accept it with --at-least-once.",
    );
  }
  return { held };
}

async function hasWindow(client: ClickHouseClient, table: string): Promise<boolean> {
  const [database, name] = table.split(".");
  const [row] = await ask<{ engine: string; definition: string }>(
    client,
    `SELECT engine, create_table_query AS definition FROM system.tables
      WHERE database = {database:String} AND name = {name:String}`,
    { database, name },
  );
  const { engine = "", definition = "" } = row ?? {};
  const setting = (which: string) =>
    new RegExp(`\\b${which}_deduplication_window\\s*=\\s*(\\d+)`).exec(definition)?.[1];
  // Replicated tables have a window unless it was taken away; the others have none unless it was given.
  if (/^(Replicated|Shared).*MergeTree$/.test(engine)) return setting("replicated") !== "0";
  return engine.endsWith("MergeTree") && Number(setting("non_replicated") ?? 0) > 0;
}

function compileHeld(client: ClickHouseClient, plan: TablePlan): Target["held"] {
  const topic = columnOf(plan, "topic")?.name;
  const partition = columnOf(plan, "partition")?.name;
  const offset = columnOf(plan, "offset")?.name;
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  const time = columnOf(plan, "timestamp");
  const limits = [limitsCondition(plan.coordinates?.limits ?? [])].filter((sql) => sql !== "");
  return async (places) => {
    if (places.length === 0) return new Set();
    // The tuples decide. The ranges let ClickHouse leave most of the table unread.
    const offsets = places.map((place) => place.offset);
    const times = places.map(({ ingestMs }) => ingestMs);
    const conditions = [
      `(toString(${quoteName(topic)}), toInt32(${quoteName(partition)}), toInt64(${quoteName(offset)})) IN (${placeTuples(places)})`,
      `${quoteName(offset)} BETWEEN ${Math.min(...offsets)} AND ${Math.max(...offsets)}`,
      ...limits,
      ...(time === undefined || !isExactTime(time.type) ? [] : [timeRange(time.name, times)]),
    ];
    const rows = await ask<Record<"t" | "p" | "o", string>>(
      client,
      `SELECT DISTINCT toString(${quoteName(topic)}) AS t, toInt32(${quoteName(partition)}) AS p, toInt64(${quoteName(offset)}) AS o
        FROM ${plan.table} WHERE ${conditions.join(" AND ")}`,
      {},
    );
    const found = new Set(rows.map(({ t, p, o }) => placeName({ topic: t, partition: Number(p), offset: Number(o) })));
    return new Set(places.filter((place) => found.has(placeName(place))).map(letterName));
  };
}

function columnOf(plan: TablePlan, field: RecordField): TablePlan["columns"][number] | undefined {
  return plan.columns.find(({ source }) => source.kind === "record" && source.field === field);
}

/** Types that hold Kafka's record time to the second at least. */
function isExactTime(type: ColumnType): boolean {
  const bare = type.kind === "nullable" || type.kind === "lowCardinality" ? type.inner : type;
  return bare.kind === "dateTime" || bare.kind === "dateTime64";
}

/** A second more on both sides: the column may be cut to seconds. */
function timeRange(name: string, times: number[]): string {
  const at = (timeMs: number) => `fromUnixTimestamp64Milli(${timeMs})`;
  return `${quoteName(name)} BETWEEN ${at(Math.min(...times) - 1000)} AND ${at(Math.max(...times) + 1000)}`;
}
