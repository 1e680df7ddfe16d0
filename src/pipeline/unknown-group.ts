import type { ClickHouseClient } from "@clickhouse/client";
import { MillraceError } from "../core/errors.ts";
import { partitionKey } from "../core/raw-batch.ts";
import { limitsCondition, quoteName, quoteText } from "../core/sql-text.ts";
import type { TablePlan } from "../schema/plan.ts";
import { queryRows } from "../schema/query-rows.ts";
import { writersTable } from "../schema/writers.ts";

/** Rows of one partition in a target table. */
interface Stored {
  count: number;
  lastOffset: number;
}

/**
 * Refuses a group that has committed nothing in a partition of which the table has rows already, at the offset where the
 * group begins or beyond: it would store them once more, in other ranges, under other tokens, and nothing would notice. So
 * it is with a renamed group, with one whose offsets Kafka has forgotten (after seven days without a member), and with a
 * topic that was made anew.
 *
 * A table without coordinates cannot be asked; the doctor says so.
 */
export class UnknownGroup {
  readonly #client: ClickHouseClient;
  readonly #stored = new Map<string, Promise<Map<number, Stored>>>();

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  /** A join begins: what the tables hold is read anew. */
  forget(): void {
    this.#stored.clear();
  }

  /**
   * To be called for each partition that the group has never committed, with the offset where it begins. One query for
   * each topic.
   *
   * @throws MillraceError E_INCOMPLETE when the table has rows there; what the client throws.
   */
  async check(plan: TablePlan, topic: string, partition: number, offset: number): Promise<void> {
    if (plan.coordinates === undefined) return;
    let reading = this.#stored.get(topic);
    if (reading === undefined) {
      reading = this.#read(plan, topic);
      this.#stored.set(topic, reading);
    }
    const stored = (await reading).get(partition);
    if (stored === undefined || stored.lastOffset < offset) return;
    throw unknownGroup(plan, topic, partition, offset, stored);
  }

  async #read({ table, coordinates, columns, origin }: TablePlan, topic: string): Promise<Map<number, Stored>> {
    const { partition, offset, topic: topicColumn, limits } = coordinates!;
    const ofCluster = limitsCondition(limits);
    const rows = await queryRows<{ part: string | number; stored: string | number; last: string | number }>(
      this.#client,
      `SELECT toInt32(${quoteName(partition)}) AS part, count() AS stored, max(toInt64(${quoteName(offset)})) AS last
        FROM ${table} WHERE ${quoteName(topicColumn)} = ${quoteText(topic)}${ofCluster === "" ? "" : ` AND ${ofCluster}`}
        GROUP BY part`,
    );
    if (rows.length === 0) return new Map();
    const isTold = columns.some(({ name }) => name === "kafka_cluster");
    if (!isTold && (await this.#areForeign(table, topic, origin.cluster))) return new Map();
    return new Map(
      rows.map(({ part, stored, last }) => [Number(part), { count: Number(stored), lastOffset: Number(last) }]),
    );
  }

  /** Whether only other clusters are known to have written the topic into the table. */
  async #areForeign(table: string, topic: string, cluster: string): Promise<boolean> {
    const rows = await queryRows<{ cluster: string }>(
      this.#client,
      `SELECT DISTINCT toString(kafka_cluster) AS cluster FROM ${writersTable}
        WHERE target_table = ${quoteText(table)} AND topic = ${quoteText(topic)}`,
    );
    return rows.length > 0 && rows.every((row) => row.cluster !== cluster);
  }
}

function unknownGroup(
  { pipeline, table, origin: { group } }: TablePlan,
  topic: string,
  partition: number,
  offset: number,
  { count, lastOffset }: Stored,
): MillraceError {
  return new MillraceError(
    "E_INCOMPLETE",
    `Pipeline ${pipeline}: the group ${group} has no committed offset in ${partitionKey(topic, partition)} and would begin at ` +
      `offset ${offset}, but ${table} has ${count} rows of that partition already, the last of offset ${lastOffset}: they ` +
      "would be stored twice. Was the group renamed, or have its offsets expired? Choose: (1) go on under the name of " +
      "the group that stored them: --group NAME; (2) begin behind the rows: " +
      `millrace offsets reset --group ${group} --topic ${topic} --partition ${partition} --to ${lastOffset + 1} --yes, with ` +
      "the --table or --pipeline of this start; (3) store them again: --allow-duplicates, or another or an emptied table. " +
      "When the topic was made anew under its old name, take another table: this one knows the ranges of the old one",
  );
}
