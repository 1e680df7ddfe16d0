import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { type Condition, conditionOf, type LetterFilter } from "./filter.ts";
import {
  keyNames,
  keySelection,
  type Letter,
  type LetterKey,
  letterTuple,
  type RecordPlace,
  readKey,
  sqlTuples,
} from "./letter.ts";
import { isReplayed, unreplayedDeadLetters } from "./unreplayed.ts";

/** Lists show this much of a document and of a message; `show` shows all. */
const EXCERPT_CHARACTERS = 120;

/** All letters of one pipeline with one error_type. Times are ms since 1970, by the ingester's clock. */
export interface LetterGroup {
  pipeline: string;
  errorType: string;
  count: number;
  /** Of these, stored by a replay since. */
  replayed: number;
  firstMs: number;
  lastMs: number;
  topics: string[];
  services: string[];
  /** The message of the latest letter, cut. */
  example: string;
}

/** A letter in a list: its document and message are cut. */
export interface LetterLine extends LetterKey {
  processedMs: number;
  errorType: string;
  errorMessage: string;
  service: string;
  replayed: boolean;
  rawBytes: number;
  excerpt: string;
}

/** Groups the letters by pipeline and error_type, the most frequent first. @throws MillraceError E_CLICKHOUSE */
export async function groupLetters(client: ClickHouseClient, filter: LetterFilter): Promise<LetterGroup[]> {
  const { sql, params } = conditionOf(filter);
  const rows = await ask<Record<keyof LetterGroup, never>>(
    client,
    `SELECT toString(pipeline) AS pipeline, error_type AS errorType, count() AS count, countIf(${isReplayed}) AS replayed,
      toUnixTimestamp64Milli(min(processed_ts)) AS firstMs, toUnixTimestamp64Milli(max(processed_ts)) AS lastMs,
      arraySort(groupUniqArray(100)(toString(topic))) AS topics,
      arraySort(groupUniqArray(100)(ifNull(service, ''))) AS services,
      substringUTF8(argMax(error_message, processed_ts), 1, ${EXCERPT_CHARACTERS}) AS example
      FROM ${deadLetterTable} WHERE ${sql} GROUP BY pipeline, error_type ORDER BY count DESC, error_type, pipeline`,
    params,
  );
  return rows.map((row) => ({
    ...row,
    count: Number(row.count),
    replayed: Number(row.replayed),
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
  }));
}

/** The latest letters one by one. @throws MillraceError E_CLICKHOUSE */
export async function listLetters(
  client: ClickHouseClient,
  filter: LetterFilter,
  limit: number,
): Promise<LetterLine[]> {
  const { sql, params } = conditionOf(filter);
  const rows = await ask<Record<keyof LetterLine, never>>(
    client,
    `SELECT ${keySelection},
      toUnixTimestamp64Milli(processed_ts) AS processedMs, toString(error_type) AS errorType,
      substringUTF8(error_message, 1, ${EXCERPT_CHARACTERS}) AS errorMessage,
      ifNull(service, '') AS service, ${isReplayed} AS replayed, length(raw_json) AS rawBytes,
      toValidUTF8(substring(raw_json, 1, ${EXCERPT_CHARACTERS})) AS excerpt
      FROM ${deadLetterTable} WHERE ${sql}
      ORDER BY processed_ts DESC, topic, kafka_partition, kafka_offset LIMIT ${limit}`,
    params,
  );
  return rows.map((row) => ({
    ...row,
    ...readKey(row),
    processedMs: Number(row.processedMs),
    replayed: Boolean(Number(row.replayed)),
    rawBytes: Number(row.rawBytes),
  }));
}

/** A letter that no replay has stored, and how long its document is. */
export interface OpenLetter extends LetterKey {
  rawBytes: number;
}

/** How many letters a replay with this filter would take. */
export async function countOpenLetters(client: ClickHouseClient, filter: LetterFilter): Promise<number> {
  const { sql, params } = conditionOf(filter);
  const [row] = await ask<{ count: string }>(
    client,
    `SELECT uniqExact(${letterTuple}) AS count FROM ${unreplayedDeadLetters()} WHERE ${sql}`,
    params,
  );
  return Number(row?.count ?? 0);
}

/** The next letters that no replay has stored, in the order of their names. @param after the last one seen */
export async function nextOpenLetters(
  client: ClickHouseClient,
  filter: LetterFilter,
  after: LetterKey | undefined,
  limit: number,
): Promise<OpenLetter[]> {
  const { sql, params } = conditionOf(filter);
  const behind = after === undefined ? "true" : `${letterTuple} > ${sqlTuples([after])}`;
  const rows = await ask<Record<keyof OpenLetter, string>>(
    client,
    `SELECT ${keySelection}, max(length(raw_json)) AS rawBytes
      FROM ${unreplayedDeadLetters()} WHERE ${sql} AND ${behind}
      GROUP BY ${keyNames} ORDER BY ${keyNames} LIMIT ${limit}`,
    params,
  );
  return rows.map((row) => ({ ...readKey(row), rawBytes: Number(row.rawBytes) }));
}

/** Loads letters whole; those that are gone are not in the answer. A letter that is there twice comes once. */
export async function loadLetters(client: ClickHouseClient, keys: readonly LetterKey[]): Promise<Letter[]> {
  return keys.length === 0 ? [] : selectLetters(client, `${letterTuple} IN (${sqlTuples(keys)})`);
}

/** Loads the letters of one record: each pipeline, group and cluster that reads it may have one. */
export async function loadLettersOf(client: ClickHouseClient, place: RecordPlace): Promise<Letter[]> {
  const { topic, partition, offset } = place;
  const at = `toString(topic) = ${quoteText(topic)} AND kafka_partition = ${partition} AND kafka_offset = ${offset}`;
  return selectLetters(client, at);
}

async function selectLetters(client: ClickHouseClient, condition: string): Promise<Letter[]> {
  const rows = await ask<LetterRow>(
    client,
    // Bytes as base64: a document may be no text at all.
    `SELECT ${keySelection}, toString(error_type) AS errorType, error_message AS errorMessage,
      service, event_id AS eventId, request_id AS requestId, source_topic AS sourceTopic,
      source_partition AS sourcePartition, source_offset AS sourceOffset,
      toUnixTimestamp64Milli(ingest_ts) AS ingestMs, toUnixTimestamp64Milli(processed_ts) AS processedMs,
      if(isNull(created_ts), NULL, toUnixTimestamp64Milli(assumeNotNull(created_ts))) AS createdMs,
      if(isNull(source_key), NULL, base64Encode(assumeNotNull(source_key))) AS keyBase64,
      base64Encode(raw_json) AS rawBase64
      FROM ${deadLetterTable} WHERE ${condition}
      ORDER BY ${keyNames}, processed_ts DESC LIMIT 1 BY ${keyNames}`,
    {},
  );
  return rows.map(toLetter);
}

type LetterRow = Record<Exclude<keyof Letter, "key" | "raw">, string> & { keyBase64: string | null; rawBase64: string };

function toLetter({ keyBase64, rawBase64, ...row }: LetterRow): Letter {
  return {
    ...row,
    ...readKey(row),
    sourcePartition: numberOrNull(row.sourcePartition),
    sourceOffset: numberOrNull(row.sourceOffset),
    ingestMs: Number(row.ingestMs),
    processedMs: Number(row.processedMs),
    createdMs: numberOrNull(row.createdMs),
    key: keyBase64 === null ? null : Buffer.from(keyBase64, "base64"),
    raw: Buffer.from(rawBase64, "base64"),
  };
}

function numberOrNull(value: string | null): number | null {
  return value === null ? null : Number(value);
}

/** Asks ClickHouse. @throws MillraceError E_CLICKHOUSE with the remedy for a table that is not there. */
export async function ask<Row>(client: ClickHouseClient, query: string, params: Condition["params"]): Promise<Row[]> {
  try {
    return await queryRows<Row>(client, query, params);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new MillraceError(
      "E_CLICKHOUSE",
      `Cannot read the dead letters: ${reason}. Run \`millrace migrate\` if a table is missing; else check ` +
        `CLICKHOUSE_URL, MILLRACE_DATABASE and the user's rights (SELECT on ${ownDatabase}.*).`,
      { cause },
    );
  }
}
