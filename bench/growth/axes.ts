import { eventsPipeline } from "../../src/schema/events-pipeline.ts";

/** One value of an axis, as it is run. */
export interface GrowthCase {
  value: number;
  eventsPerSecond: number;
  /** Undefined: the simulator's events. */
  recordBytes?: number;
  topics: { topic: string; numPartitions: number }[];
  /** Statements that make the tables which the migrations do not have. */
  createTables: string[];
  /** Pipeline files, JSON. */
  pipelines: { name: string; text: string }[];
}

export interface Axis {
  name: string;
  /** What a value of it is, as a heading. */
  title: string;
  values: number[];
  valueMax: number;
  /** Events a second; of record sizes: as many as make these bytes a second. */
  eventsPerSecond: number[];
  caseOf(value: number, eventsPerSecond: number): GrowthCase;
}

export const growthTables = "growth_";
const PIPELINES_PARTITIONS = 16;
const RECORD_PARTITIONS = 10;
/** Of the record sizes, at 5,000 events of 1 kB a second. */
const KILOBYTE = 1_000;

/** One topic into the events' own table, two materialized views behind it: what `millrace start` runs. */
const partitions: Axis = {
  name: "partitions",
  title: "partitions",
  values: [1, 10, 64, 256, 1_024],
  valueMax: 4_096,
  eventsPerSecond: [5_000, 50_000],
  caseOf: (value, eventsPerSecond) => ({
    value,
    eventsPerSecond,
    topics: [{ topic: "growth.partitions", numPartitions: value }],
    createTables: [],
    pipelines: [eventsInto("growth", "growth.partitions", eventsPipeline.table)],
  }),
};

/** The same events and the same sixteen partitions, in all, shared by so many pipelines with a table each, no views. */
const pipelines: Axis = {
  name: "pipelines",
  title: "pipelines",
  values: [1, 4, 16],
  valueMax: 64,
  eventsPerSecond: [5_000],
  caseOf(value, eventsPerSecond) {
    const indexes = Array.from({ length: value }, (_, index) => index);
    const table = (index: number) => `analytics.${growthTables}${index}`;
    const topic = (index: number) => `growth.pipelines.${index}`;
    return {
      value,
      eventsPerSecond,
      topics: indexes.map((index) => ({
        topic: topic(index),
        numPartitions: Math.max(1, Math.round(PIPELINES_PARTITIONS / value)),
      })),
      createTables: indexes.map((index) => `CREATE TABLE ${table(index)} AS ${eventsPipeline.table}`),
      pipelines: indexes.map((index) => eventsInto(`growth-${index}`, topic(index), table(index))),
    };
  },
};

/** The same bytes a second in fewer, larger records; a table of a time, a service and the message. */
const recordSize: Axis = {
  name: "record-size",
  title: "bytes a record",
  values: [100, 1_000, 10_000, 100_000],
  valueMax: 900_000, // the broker's default for a batch is a mebibyte
  eventsPerSecond: [5_000],
  caseOf: (value, eventsPerSecond) => ({
    value,
    eventsPerSecond: Math.max(1, Math.round((eventsPerSecond * KILOBYTE) / value)),
    recordBytes: value,
    topics: [{ topic: "growth.records", numPartitions: RECORD_PARTITIONS }],
    createTables: [
      `CREATE TABLE analytics.${growthTables}records (event_ts DateTime64(3), service LowCardinality(String),
        message String, kafka_topic LowCardinality(String), kafka_partition Int32, kafka_offset Int64)
      ENGINE = MergeTree PARTITION BY toDate(event_ts) ORDER BY (service, event_ts)
      SETTINGS non_replicated_deduplication_window = 100000`,
    ],
    pipelines: [
      {
        name: "growth-records",
        text: JSON.stringify({
          name: "growth-records",
          topics: ["growth.records"],
          codec: "json",
          table: `analytics.${growthTables}records`,
          columns: {
            event_ts: { from: ["ts_ms"], time: "epoch_ms" },
            kafka_partition: { record: "partition" },
            kafka_offset: { record: "offset" },
          },
          eventTime: "event_ts",
          latencyGroup: "service",
        }),
      },
    ],
  }),
};

export const axes: readonly Axis[] = [partitions, pipelines, recordSize];

/** The built-in pipeline of the events for another topic and table, as text of a pipeline file. */
export function eventsInto(name: string, topic: string, table: string): { name: string; text: string } {
  const lateness = { column: eventsPipeline.lateness!.column, back: "7d", ahead: "1h" };
  // A pipeline file has no optional columns: the tables of today's migrations have them all.
  const columns = Object.fromEntries(
    Object.entries(eventsPipeline.columns).map(([column, { optional: _, ...rule }]) => [column, rule]),
  );
  return { name, text: JSON.stringify({ ...eventsPipeline, name, topics: [topic], table, lateness, columns }) };
}
