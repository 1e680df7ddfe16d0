import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { MillraceError } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";

export type TailTarget = { kind: "topic"; topic: string } | { kind: "table"; database: string; table: string };

/** Whom to ask; undefined: no address is known. */
export interface TailServers {
  admin: (() => Promise<Admin>) | undefined;
  client: ClickHouseClient | undefined;
}

/** Names for the table of dead letters. */
const deadLetterWords = ["dead-letters", "dlq"];

/**
 * What a name stands for: a topic and a table may both have a dot in theirs.
 *
 * @param kind asked for by name: the other is not looked for
 * @throws MillraceError E_CONFIG when it is neither, or both
 */
export async function findTarget(
  name: string,
  kind: "topic" | "table" | undefined,
  { admin, client }: TailServers,
): Promise<TailTarget> {
  const wanted = kind !== "topic" && deadLetterWords.includes(name) ? deadLetterTable : name;
  const asked = await Promise.allSettled([
    kind === "table" || admin === undefined ? [] : admin().then((connected) => connected.listTopics()),
    kind === "topic" || client === undefined ? [] : tableNames(client),
  ]);
  const [topics, tables] = asked.map((answer) => (answer.status === "fulfilled" ? answer.value : [])) as [
    string[],
    string[],
  ];
  const [isTopic, isTable] = [topics.includes(wanted), tables.includes(wanted)];
  if (isTopic && isTable) {
    throw new MillraceError("E_CONFIG", `${name} is a topic and a table: say which with --as topic or --as table`);
  }
  if (isTopic) return { kind: "topic", topic: wanted };
  if (isTable) {
    const [database, ...table] = wanted.split(".");
    return { kind: "table", database: database!, table: table.join(".") };
  }
  // The name may be that of the server that does not answer.
  const silent = asked.find((answer) => answer.status === "rejected");
  if (silent !== undefined) throw silent.reason;
  const nearest = nearestName(wanted, [...topics, ...tables]);
  const kinds =
    kind === undefined ? "neither a topic nor a table (database.table) has this name" : `no ${kind} has this name`;
  throw new MillraceError("E_CONFIG", `${name}: ${kinds}${nearest === undefined ? "" : `: is ${nearest} meant?`}`);
}

async function tableNames(client: ClickHouseClient): Promise<string[]> {
  const rows = await queryRows<{ name: string }>(
    client,
    "SELECT concat(database, '.', name) AS name FROM system.tables",
  );
  return rows.map(({ name }) => name);
}
