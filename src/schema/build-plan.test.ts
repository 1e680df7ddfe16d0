import { describe, expect, it } from "vitest";
import { buildPlan, defaultPipeline } from "./build-plan.ts";
import { deadLettersPipeline, eventsPipeline, withRawJson } from "./events-pipeline.ts";
import type { Pipeline, PipelineColumn } from "./pipeline.ts";
import type { TableColumn } from "./read-table.ts";

function column(name: string, type: string, defaultKind: TableColumn["defaultKind"] = ""): TableColumn {
  return {
    name,
    type,
    defaultKind,
    defaultExpression: defaultKind === "" ? "" : "now()",
    serverTimeZone: "Asia/Seoul",
  };
}

const deadLetters = [
  column("error_type", "String"),
  column("raw_json", "String"),
  column("ingest_ts", "DateTime64(3)"),
];

function pipelineWith(columns: Record<string, PipelineColumn>, rest: Partial<Pipeline> = {}): Pipeline {
  return { ...defaultPipeline({ topics: ["t"], table: "d.t" }), columns, ...rest };
}

describe("buildPlan() by the names of the columns alone", () => {
  it("takes fields of the same name, and record facts for the kafka_ columns", () => {
    const plan = buildPlan(
      defaultPipeline({ topics: ["dns"], table: "dns" }),
      [column("id.orig_h", "IPv4"), column("kafka_offset", "Int64"), column("kafka_timestamp", "DateTime64(6)")],
      deadLetters,
    );
    expect(plan.table).toBe("default.dns");
    expect(plan.format).toBe("RowBinary");
    expect(plan.columns.map(({ source }) => source)).toEqual([
      { kind: "document", names: ["id.orig_h"] },
      { kind: "record", field: "offset" },
      { kind: "record", field: "timestamp" },
    ]);
    expect(plan.columns[2]).toMatchObject({ timeFormat: "epoch_ms", type: { timeZone: "Asia/Seoul" } });
    expect(plan.deadLetters.columns.map(({ name }) => name)).toEqual(["error_type", "raw_json", "ingest_ts"]);
  });

  it("leaves out what ClickHouse computes and refuses EPHEMERAL columns", () => {
    const columns = [column("a", "Int8"), column("b", "Int8", "ALIAS"), column("c", "Int8", "MATERIALIZED")];
    const plan = buildPlan(pipelineWith({}), columns, deadLetters);
    expect(plan.columns.map(({ name }) => name)).toEqual(["a"]);
    expect(() => buildPlan(pipelineWith({}), [column("e", "Int8", "EPHEMERAL")], deadLetters)).toThrow(
      "column e is EPHEMERAL: an insert can fill it",
    );
  });

  it("uses the format with default markers only when a column of the document has a DEFAULT", () => {
    const columns = [column("a", "Int8"), column("d", "DateTime", "DEFAULT")];
    const plan = buildPlan(pipelineWith({}), columns, deadLetters);
    expect(plan.format).toBe("RowBinaryOptional");
    expect(plan.columns[1]!.missing).toEqual({ kind: "tableDefault" });
    expect(buildPlan(pipelineWith({ d: { omit: true } }), columns, deadLetters).format).toBe("RowBinary");
    expect(buildPlan(pipelineWith({ d: { default: 0 } }), columns, deadLetters).format).toBe("RowBinary");
    expect(buildPlan(pipelineWith({ d: { record: "timestamp" } }), columns, deadLetters).format).toBe("RowBinary");
  });

  it("names columns that the ingester's clock fills for want of a field, unless they hold several values", () => {
    const columns = ["a", "b", "c", "d"].map((name) => column(name, name === "d" ? "Array(Int64)" : "Int64"));
    const wishes: Record<string, PipelineColumn> = {
      a: { from: ["x"], defaultRecord: "received" },
      b: { defaultRecord: "timestamp" },
      c: { record: "processed" },
      d: { defaultRecord: "processed" },
    };
    expect(buildPlan(pipelineWith(wishes), columns, deadLetters).ingesterClocks).toEqual(["a", "c"]);
  });

  it("gives another key to another plan and the same key to the same one", () => {
    const one = buildPlan(pipelineWith({}), [column("a", "Int8")], deadLetters);
    expect(buildPlan(pipelineWith({}), [column("a", "Int8")], deadLetters).key).toBe(one.key);
    expect(buildPlan(pipelineWith({}), [column("a", "Int16")], deadLetters).key).not.toBe(one.key);
  });
});

describe("buildPlan() refuses a pipeline that does not fit the table", () => {
  const columns = [column("ts", "DateTime"), column("n", "Int8"), column("m", "Int8", "MATERIALIZED")];
  it.each<[string, Pipeline, string]>([
    ["a column that the table lacks", pipelineWith({ nn: {} }), "column nn is not in the table, which has: ts, n, m"],
    ["a placeholder for a number", pipelineWith({ n: { placeholderIsNull: true } }), "no date or time"],
    ["a time format for a number", pipelineWith({ n: { time: "rfc3339" } }), "no date or time"],
    ["a source for a computed column", pipelineWith({ m: { from: ["x"] } }), "m is MATERIALIZED"],
    ["an event time that is no time", pipelineWith({}, { eventTime: "n" }), "eventTime names n"],
    [
      "a lateness column that is left out",
      pipelineWith({ ts: { omit: true } }, { lateness: { column: "ts", backMs: 1, aheadMs: 1 } }),
      "lateness names ts",
    ],
    ["a time zone that the runtime lacks", pipelineWith({ ts: { time: "clf" } }), "time zone Mars/Olympus"],
    ["a group that is not filled", pipelineWith({}, { latencyGroup: "x" }), "latencyGroup names x"],
  ])("%s", (_, pipeline, reason) => {
    const zone = reason.includes("Mars") ? "DateTime('Mars/Olympus')" : "DateTime";
    const columns = [column("ts", zone), column("n", "Int8"), column("m", "Int8", "MATERIALIZED")];
    expect(() => buildPlan(pipeline, columns, deadLetters)).toThrow(
      expect.objectContaining({ code: "E_PLAN", message: expect.stringContaining(reason) }),
    );
  });

  it("a dead-letter table without the columns that a dead letter needs", () => {
    expect(() => buildPlan(pipelineWith({}), columns, [column("raw_json", "String")])).toThrow(/no column error_type/);
  });
});

describe("the built-in pipelines", () => {
  const facts = [
    column("event_ts", "DateTime64(3)"),
    column("ingest_ts", "DateTime64(3)"),
    column("processed_ts", "DateTime64(3)"),
    column("stored_ts", "DateTime64(3)", "DEFAULT"),
    column("ingest_ms", "Nullable(Int32)", "DEFAULT"),
    column("service", "LowCardinality(String)"),
    column("topic", "LowCardinality(String)"),
    column("kafka_partition", "Int32"),
    column("kafka_offset", "Int64"),
    column("raw_json", "String"),
  ];

  it("events: takes the event time from the document, else from Kafka, and leaves stored_ts to the server", () => {
    const plan = buildPlan(eventsPipeline, facts, deadLetters);
    expect(plan.format).toBe("RowBinary");
    const names = plan.columns.map(({ name }) => name);
    expect(names).not.toContain("stored_ts");
    expect(names).not.toContain("ingest_ms");
    expect(names).not.toContain("raw_json");
    expect(plan.columns[0]).toMatchObject({
      source: { kind: "document", names: ["ts_ms", "timestamp_ms"] },
      timeFormat: "epoch_ms",
      missing: { kind: "record", field: "timestamp" },
      coercion: "lenient",
    });
    expect(plan.horizon).toEqual({ column: "event_ts", backMs: 604_800_000, aheadMs: 3_600_000 });
    expect(plan.topics).not.toContain("logs.error");
  });

  it("names the columns that the ingester's clock fills, and no other times", () => {
    const columns = [
      ...facts,
      column("spark_ingest_ts", "Nullable(DateTime64(3))"),
      column("kafka_ts", "DateTime64(3)"),
    ];
    const withClocks = [...deadLetters, column("processed_ts", "DateTime64(3)"), column("created_ts", "DateTime64(3)")];
    const events = buildPlan(eventsPipeline, columns, withClocks);
    expect(events.ingesterClocks).toEqual(["processed_ts", "spark_ingest_ts"]);
    expect(events.deadLetters.ingesterClocks).toEqual(["processed_ts"]);
    expect(buildPlan(eventsPipeline, facts, deadLetters).deadLetters.ingesterClocks).toEqual([]);
    expect(buildPlan(deadLettersPipeline, withClocks, withClocks).ingesterClocks).toEqual(["processed_ts"]);
  });

  it("events: stores the raw text on request", () => {
    const plan = buildPlan(withRawJson(eventsPipeline), facts, deadLetters);
    expect(plan.columns.at(-1)).toMatchObject({ name: "raw_json", source: { kind: "record", field: "raw" } });
  });

  it("dead-letters: reads a producer's envelope", () => {
    const columns = [
      ...deadLetters,
      column("processed_ts", "DateTime64(3)"),
      column("created_ts", "Nullable(DateTime64(3))"),
    ];
    const plan = buildPlan(deadLettersPipeline, columns, columns);
    expect(plan.columns.at(-1)).toMatchObject({
      source: { kind: "document", names: ["created_ms", "created_ts"] },
      timeFormat: "epoch_ms",
    });
  });
});
