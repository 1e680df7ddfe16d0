import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { limitsCondition, quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import { counted } from "../../core/counted.ts";
import { MillraceError } from "../../core/errors.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { writersTable } from "./writers.ts";

/** The group waits for the answer, and the member sends no heartbeat meanwhile. */
const SECONDS_MAX = 10;

/** Rows of one partition in a target table. */
interface Stored {
  count: number;
  lastOffset: number;
}

/** By partition; `tooMany`: there are rows of the topic, more than can be counted in time. */
type StoredRows = Map<number, Stored> | "tooMany";

/** Of one partition: whether rows are where the group would begin, or beyond. `unasked`: not found out in time. */
type Found = "none" | "some" | "unasked";

/**
 * Refuses a group that has committed nothing in a partition of which the table has rows already, at the offset where the
 * group begins or beyond: it would store them once more, in other ranges, under other tokens, and nothing would notice. So
 * it is with a renamed group, with one whose offsets Kafka has forgotten (after seven days without a member), and with a
 * topic that was made anew.
 *
 * A table without coordinates cannot be asked, nor one that the user may not SELECT from; the doctor says so.
 */
export class UnknownGroup {
  readonly #client: ClickHouseClient;
  readonly #log: Logger;
  readonly #stored = new Map<string, Promise<StoredRows>>();
  readonly #found = new Map<string, Promise<Found>>();

  constructor(client: ClickHouseClient, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  /** A join begins: what the tables hold is read anew. */
  forget(): void {
    this.#stored.clear();
    this.#found.clear();
  }

  /**
   * To be called for each partition that the group has never committed, with the offset where it begins. One query for
   * each topic; where that takes too long one for each partition, because one that was added to a topic with many rows has
   * none, and must not stop a group that has read the others for years.
   *
   * @throws MillraceError E_INCOMPLETE when the table has rows there; what the client throws.
   */
  async check(plan: TablePlan, at: TopicPartition, offset: number): Promise<void> {
    const { topic, partition } = at;
    if (plan.coordinates === undefined) return;
    let reading = this.#stored.get(topic);
    if (reading === undefined) {
      reading = this.#read(plan, topic);
      this.#stored.set(topic, reading);
    }
    const rows = await reading;
    const stored = rows === "tooMany" ? await this.#foundIn(plan, at, offset) : rows.get(partition);
    if (stored === undefined || stored === "none") return;
    if (typeof stored === "object" && stored.lastOffset < offset) return;
    throw unknownGroup(plan, at, offset, stored);
  }

  #foundIn(plan: TablePlan, at: TopicPartition, offset: number): Promise<Found> {
    const key = `${partitionKey(at)}:${offset}`;
    const finding = this.#found.get(key) ?? this.#find(plan, at, offset);
    this.#found.set(key, finding);
    return finding;
  }

  async #find({ table, coordinates }: TablePlan, { topic, partition }: TopicPartition, offset: number): Promise<Found> {
    const own = coordinates!;
    const where = `${quoteName(own.partition)} = ${partition} AND ${quoteName(own.offset)} >= ${offset} AND ${ofTopic(own, topic)}`;
    try {
      const rows = await queryRows(this.#client, `SELECT 1 FROM ${table} WHERE ${where} LIMIT 1 ${inTime}`);
      return rows.length === 0 ? "none" : "some";
    } catch (error) {
      if (isServerError(error, "TIMEOUT_EXCEEDED")) return "unasked";
      throw error;
    }
  }

  async #read(plan: TablePlan, topic: string): Promise<StoredRows> {
    const { table, columns, origin } = plan;
    try {
      const rows = await this.#count(plan, topic);
      if (rows !== "tooMany" && rows.size === 0) return rows;
      const isTold = columns.some(({ name }) => name === "kafka_cluster");
      return !isTold && (await this.#areForeign(table, topic, origin.cluster)) ? new Map() : rows;
    } catch (error) {
      if (!isServerError(error, "ACCESS_DENIED")) throw error;
      this.#log.warn({ err: error, table, topic }, "cannot check whether the table has rows of the topic already");
      return new Map();
    }
  }

  async #count({ table, coordinates }: TablePlan, topic: string): Promise<StoredRows> {
    const own = coordinates!;
    const { partition, offset } = own;
    try {
      const rows = await queryRows<{ part: string | number; stored: string | number; last: string | number }>(
        this.#client,
        `SELECT toInt32(${quoteName(partition)}) AS part, count() AS stored, max(toInt64(${quoteName(offset)})) AS last
          FROM ${table} WHERE ${ofTopic(own, topic)} GROUP BY part ${inTime}`,
      );
      return new Map(
        rows.map(({ part, stored, last }) => [Number(part), { count: Number(stored), lastOffset: Number(last) }]),
      );
    } catch (error) {
      if (!isServerError(error, "TIMEOUT_EXCEEDED")) throw error;
      // Ends with the first row that it finds.
      const found = await queryRows(this.#client, `SELECT 1 FROM ${table} WHERE ${ofTopic(own, topic)} LIMIT 1`);
      return found.length === 0 ? new Map() : "tooMany";
    }
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

const inTime = `SETTINGS max_execution_time = ${SECONDS_MAX}, timeout_overflow_mode = 'throw'`;

function ofTopic({ topic: column, limits }: NonNullable<TablePlan["coordinates"]>, topic: string): string {
  const ofCluster = limitsCondition(limits);
  return `${quoteName(column)} = ${quoteText(topic)}${ofCluster === "" ? "" : ` AND ${ofCluster}`}`;
}

function foundText(table: string, stored: Stored | Found): string {
  if (typeof stored === "object") {
    return `${table} has ${counted(stored.count, "row")} of that partition already, the last of offset ${stored.lastOffset}`;
  }
  if (stored === "some") return `${table} has rows of that partition from there on already, more than could be counted`;
  return `${table} has rows of that topic already, and whether any is of that partition it did not say within ${SECONDS_MAX} s`;
}

function unknownGroup(
  { pipeline, table, origin: { group } }: TablePlan,
  { topic, partition }: TopicPartition,
  offset: number,
  stored: Stored | Found,
): MillraceError {
  const behind = typeof stored === "object" ? stored.lastOffset + 1 : "OFFSET";
  return new MillraceError(
    "E_INCOMPLETE",
    `Pipeline ${pipeline}: the group ${group} has no committed offset in ${partitionKey({ topic, partition })} and would begin at ` +
      `offset ${offset}, but ${foundText(table, stored)}: ` +
      "they would be stored twice. Was the group renamed, or have its offsets expired? Choose: (1) go on under the name of " +
      "the group that stored them: --group NAME; (2) begin after the rows: " +
      `millrace offsets reset --group ${group} --topic ${topic} --partition ${partition} --to ${behind} --yes, with ` +
      "the --table or --pipeline of this start; (3) store them again: --allow-duplicates, or another or an emptied table. " +
      "When the topic was made anew under its old name, take another table: this one knows the ranges of the old one",
  );
}
