import type { ClickHouseClient } from "@clickhouse/client";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { hasKcat } from "../kcat.ts";
import { readRecords } from "../kcat-records.ts";

/** Whether the rows hold what the records with their coordinates say. */
export interface ContentVerdict {
  /** Rows that were compared with their records. */
  compared: number;
  differing: number;
  /** The first of them, one line each. */
  examples: string[];
}

const EXAMPLES_MAX = 10;

/** Fields that the built-in pipeline stores as they come, whatever its rules do to others. */
const FIELDS = ["event_id", "request_id", "method", "path", "duration_ms"] as const;
type Fields = Partial<Record<(typeof FIELDS)[number], unknown>>;

/**
 * Compares each fact with the record of its topic, partition and offset, read by kcat: rows could be as many as records,
 * each with coordinates of its own, and hold each other's values. Undefined without kcat.
 */
export async function judgeContents(
  client: ClickHouseClient,
  brokers: string,
  table: string,
  topics: readonly string[],
): Promise<ContentVerdict | undefined> {
  if (!hasKcat()) return undefined;
  const verdict: ContentVerdict = { compared: 0, differing: 0, examples: [] };
  for (const topic of topics) {
    const wanted = new Map<string, string>();
    for await (const { partition, offset, value } of readRecords(brokers, topic)) {
      const fields = value === null ? undefined : fieldsOf(value);
      if (fields === undefined) continue;
      // The rule recordId of the built-in pipeline.
      const event_id = fields.event_id || `${topic}-${partition}-${offset}`;
      wanted.set(`${partition}:${offset}`, textOf({ ...fields, event_id }));
    }
    await compareRows(client, table, topic, wanted, verdict);
  }
  return verdict;
}

async function compareRows(
  client: ClickHouseClient,
  table: string,
  topic: string,
  wanted: ReadonlyMap<string, string>,
  verdict: ContentVerdict,
): Promise<void> {
  const query = `SELECT kafka_partition AS p, toUInt64(kafka_offset) AS o, ${FIELDS.join(", ")} FROM ${table}
    WHERE topic = ${quoteText(topic)}`;
  const answer = await client.query({ query, format: "JSONEachRow" });
  for await (const rows of answer.stream<{ p: number; o: string } & Fields>()) {
    for (const row of rows) {
      const { p, o, ...fields } = row.json<{ p: number; o: string } & Fields>();
      const record = wanted.get(`${p}:${o}`);
      verdict.compared += 1;
      // A record without a document has no row to be compared with; the oracle of coordinates tells of rows too many.
      const found = textOf(fields);
      if (record === found) continue;
      verdict.differing += 1;
      if (verdict.examples.length < EXAMPLES_MAX) {
        verdict.examples.push(`${topic}:${p} offset ${o} holds ${found}, its record ${record ?? "is no document"}`);
      }
    }
  }
}

/** The document's fields; of text that holds a document, that one's. Undefined when there is none. */
function fieldsOf(value: Buffer): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString("utf8"));
    const document: unknown = typeof parsed === "string" ? JSON.parse(parsed) : parsed;
    return typeof document === "object" && document !== null ? (document as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** What is absent is the column's default; numbers are compared as text, which both sides write alike. */
function textOf(fields: Fields): string {
  return FIELDS.map((name) => `${name} ${fields[name] ?? ""}`).join(", ");
}
