import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { connectClickHouse } from "../../../src/clients/clickhouse/connect.ts";
import { queryRows } from "../../../src/clients/clickhouse/query-rows.ts";
import { MillraceError } from "../../../src/core/errors.ts";
import { declareFields, type MessageField } from "../fact-select.ts";
import type { Peer, PeerContext, RunningPeer } from "../peer.ts";

/** How ClickHouse's Kafka engine is set up. */
export interface KafkaEngineVariant {
  fields: readonly MessageField[];
  /** SELECT list without coordinates, over the expressions of the fields. */
  select: (field: (name: string) => string) => string;
  /**
   * How a message becomes fields. `each-row`: the table's columns are the fields, format JSONEachRow. The others read
   * the message as one string (RawBLOB) and take it apart in the view: `tuple` by one JSONExtract into a tuple of all
   * fields, `scan` by one simpleJSONExtract… per field, which looks for the key's text and knows no nesting.
   */
  parse: "each-row" | "tuple" | "scan";
  /** Settings of the table beyond broker, topic, group and format. */
  settings: Readonly<Record<string, string | number>>;
}

const ASSIGNMENT_POLL_MS = 10;
const ASSIGNMENT_MAX_MS = 60_000;

/** ClickHouse reads the topic itself: a table of engine Kafka, and a materialized view into the target. */
export function kafkaEnginePeer(name: string, title: string, variant: KafkaEngineVariant): Peer {
  return { name, title, writesTable: true, start: (context) => start(variant, context) };
}

async function start(variant: KafkaEngineVariant, context: PeerContext): Promise<RunningPeer> {
  const client = connectClickHouse({ url: context.clickHouseUrl, user: undefined, password: undefined }, 1);
  await client.command({ query: "CREATE DATABASE IF NOT EXISTS engine" });
  await client.command({ query: queueTable(variant, context) });
  await client.command({ query: `CREATE MATERIALIZED VIEW engine.reader TO ${context.table} AS ${viewOf(variant)}` });
  return {
    pids: () => [],
    ready: untilAssigned(client),
    ended: new Promise(() => {}),
    async stop() {
      await client.command({ query: "DROP TABLE engine.reader SYNC" });
      await client.command({ query: "DROP TABLE engine.queue SYNC" });
      await client.close();
      return {};
    },
  };
}

function queueTable({ parse, fields, settings }: KafkaEngineVariant, { brokers, topic }: PeerContext): string {
  const all: Record<string, string | number> = {
    kafka_broker_list: brokers,
    kafka_topic_list: topic,
    kafka_group_name: `bench.engine.${Date.now()}`,
    kafka_format: parse === "each-row" ? "JSONEachRow" : "RawBLOB",
    ...settings,
  };
  const columns = parse === "each-row" ? declareFields(fields) : "raw String";
  const assignments = Object.entries(all).map(
    ([key, value]) => `${key} = ${typeof value === "number" ? value : `'${value}'`}`,
  );
  return `CREATE TABLE engine.queue (${columns}) ENGINE = Kafka SETTINGS ${assignments.join(", ")}`;
}

function viewOf({ parse, fields, select }: KafkaEngineVariant): string {
  const coordinates = "toInt32(m._partition) AS kafka_partition, toInt64(m._offset) AS kafka_offset";
  switch (parse) {
    case "each-row":
      return `SELECT ${select((name) => `m.\`${name}\``)}, ${coordinates} FROM engine.queue AS m`;
    case "tuple": {
      const tuple = `JSONExtract(raw, 'Tuple(${declareFields(fields)})') AS t`;
      const inner = `SELECT ${tuple}, _partition, _offset FROM engine.queue`;
      return `SELECT ${select((name) => `m.t.\`${name}\``)}, ${coordinates} FROM (${inner}) AS m`;
    }
    case "scan": {
      const scans = fields.map((field) => `${scanExpression(field)} AS \`${field.name}\``);
      const inner = `SELECT ${scans.join(", ")}, _partition, _offset FROM engine.queue`;
      return `SELECT ${select((name) => `m.\`${name}\``)}, ${coordinates} FROM (${inner}) AS m`;
    }
  }
}

function scanExpression({ name, type }: MessageField): string {
  const isNumber = /Int|Float/.test(type);
  const bare = `${isNumber ? "simpleJSONExtractInt" : "simpleJSONExtractString"}(raw, '${name}')`;
  if (!type.startsWith("Nullable(")) return `CAST(${bare}, '${type}')`;
  return `if(simpleJSONHas(raw, '${name}'), CAST(${bare}, '${type}'), NULL)`;
}

/** The engine says nothing when its group is formed; its consumers are listed with what they were given. */
async function untilAssigned(client: ClickHouseClient): Promise<void> {
  const query = `SELECT count() AS assigned FROM system.kafka_consumers
    WHERE database = 'engine' AND notEmpty(assignments.topic)`;
  const deadlineMs = Date.now() + ASSIGNMENT_MAX_MS;
  while (Date.now() < deadlineMs) {
    const [row] = await queryRows<{ assigned: string }>(client, query);
    if (Number(row!.assigned) > 0) return;
    await sleep(ASSIGNMENT_POLL_MS);
  }
  throw new MillraceError("E_CLICKHOUSE", `No consumer of the Kafka engine got a partition in ${ASSIGNMENT_MAX_MS} ms`);
}
