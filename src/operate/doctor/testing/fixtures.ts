import { parseColumnType } from "../../../schema/column-type.ts";
import type { PlanColumn, RecordField, TablePlan } from "../../../schema/plan.ts";
import type { ClickHouseFacts, KafkaFacts, ServerFacts, SetUp, TableFacts } from "../facts.ts";

/** Facts of a set-up in good order, for tests that spoil one of them. */

export function documentColumn(name: string, type: string): PlanColumn {
  const source: PlanColumn["source"] = { kind: "document", names: [name] };
  const missing = { kind: "typeDefault" } as const;
  return { name, type: parseColumnType(type), source, timeFormat: "auto", missing, coercion: "strict" };
}

export function recordColumn(name: string, field: RecordField, type = "DateTime64(3)"): PlanColumn {
  return { ...documentColumn(name, type), source: { kind: "record", field } };
}

export function plan(changes: Partial<TablePlan> = {}): TablePlan {
  const coordinates = [
    recordColumn("kafka_topic", "topic", "String"),
    recordColumn("kafka_partition", "partition", "Int32"),
    recordColumn("kafka_offset", "offset", "Int64"),
  ];
  return {
    key: "test@0",
    pipeline: "test",
    topics: ["flow"],
    codec: "json",
    table: "d.target",
    partitionKey: "",
    format: "RowBinary",
    columns: [documentColumn("id", "Int32"), ...coordinates],
    rules: [],
    horizon: undefined,
    eventTimeColumn: undefined,
    latencyGroupColumn: undefined,
    deadLetters: { table: "d.dead", partitionKey: "", format: "RowBinary", columns: coordinates },
    ...changes,
  } as TablePlan;
}

export function setUp(changes: Partial<SetUp> = {}): SetUp {
  return {
    plans: [plan()],
    groupId: "millrace.test",
    from: "earliest",
    profile: { name: "test", flushRows: 50_000, flushIntervalMs: 400, insertsMax: 2, bytesMax: 200_000_000 },
    vcpus: 2,
    fenceMs: 10_000,
    sessionTimeoutMs: 30_000,
    surviveMs: 86_400_000,
    fetchBytesPerPartition: 4_194_304,
    embedded: { kafka: false, clickHouse: false },
    brokers: ["kafka:9092"],
    creatableTopics: [],
    ...changes,
  };
}

export function table(changes: Partial<TableFacts> = {}): TableFacts {
  return {
    name: "d.target",
    database: "d",
    table: "target",
    engine: "MergeTree",
    engineFull: "MergeTree ORDER BY id SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 100000",
    partitionKey: "",
    sortingKey: "id",
    databaseEngine: "Atomic",
    columns: [],
    views: [],
    plans: ["test"],
    takesDeadLetters: false,
    topics: ["flow"],
    isReadonly: false,
    partsPerMinuteMax: undefined,
    ...changes,
  };
}

export function clickHouse(
  changes: Partial<Omit<ClickHouseFacts, "server">> & { server?: Partial<ServerFacts> } = {},
): ClickHouseFacts {
  const { server, ...rest } = changes;
  return {
    tables: [table()],
    others: [],
    trials: [{ table: "d.target", error: undefined }],
    grants: [],
    ...rest,
    server: {
      version: "26.7.2.1",
      timeZone: "UTC",
      user: "writer",
      clock: { offsetMs: 2, uncertaintyMs: 3 },
      serverIds: ["a"],
      settings: {},
      sentSettings: { async_insert: "0" },
      insertSecondsMax: 120,
      tableSettings: {
        plain: { non_replicated_deduplication_window: "0" },
        replicated: { replicated_deduplication_window: "10000", replicated_deduplication_window_seconds: "3600" },
      },
      ...server,
    },
  };
}

export function kafka(changes: Partial<KafkaFacts> = {}): KafkaFacts {
  const topic = { name: "flow", exists: true, partitions: 1, replicas: 3, config: {} };
  return {
    brokerCount: 3,
    versions: [{ name: "Fetch", broker: { min: 4, max: 17 }, client: { min: 0, max: 11 } }],
    brokerLimits: {},
    topics: [topic],
    partitions: [],
    group: undefined,
    topicsAhead: [],
    denied: [],
    ...changes,
  };
}
