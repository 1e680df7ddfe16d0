import { describe, expect, it } from "vitest";
import { eventsTask, factPlan } from "../../../bench/micro/events.ts";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { latenessBands, noLateRows } from "../../core/lateness.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";
import { createReferenceTranscoder } from "../reference/transcoder.ts";
import type { TranscodeResult } from "../task.ts";
import { column, deadLetterPlanColumns, makePlan, types } from "../testing/plan.ts";
import { readRows } from "../testing/read-rows.ts";
import { concat, makeBatch, text } from "../testing/record-batch.ts";
import { EVENT_MS, makeTask, RECORD_MS, STARTED_MS } from "../testing/task.ts";
import { runAgreementPlan } from "./testing/fuzz-run.ts";
import { Randomness } from "./testing/randomness.ts";
import { emptyCounts, TranscoderPair } from "./testing/transcoder-pair.ts";
import { createKernelTranscoder } from "./transcoder.ts";
import { isPlanSupported } from "./write-plan.ts";

const module = loadKernelModule();
const DAY_MS = 86_400_000;
const formats = ["rows", "native"] as const;

/** Runs values on both transcoders in both formats, which throws when they differ. */
function agree(plan: TablePlan, values: (Uint8Array | null)[], batchInit: object = {}): TranscodeResult[] {
  const batch = makeBatch(
    values.map((value) => ({ value })),
    { baseTimestampMs: RECORD_MS, ...batchInit },
  );
  const pair = new TranscoderPair(module, plan, new Randomness(1), emptyCounts());
  return formats.map((format) => pair.run(makeTask([batch], { format })));
}

function read(name: string, type: string, more: Partial<PlanColumn> = {}): PlanColumn {
  return column(name, parseColumnType(type), more);
}

describe("kernel and reference", () => {
  it("make the same rows, dead letters and counts of drawn documents under drawn plans", () => {
    const counts = emptyCounts();
    for (let seed = 1; seed <= 50; seed++) runAgreementPlan(module, seed, 16, counts);
    // The generator has to make rows and every kind of dead letter: else agreement would mean little.
    expect(counts.rows).toBeGreaterThan(counts.records / 3);
    for (const type of [
      "empty_value",
      "event_time_range",
      "field_format",
      "field_missing",
      "field_range",
      "field_required",
      "field_type",
      "invalid_utf8",
      "json_not_object",
      "json_parse_failed",
      "null_value",
    ]) {
      expect(counts.deadByType[type], type).toBeGreaterThan(5);
    }
    expect(counts.unwrapped).toBeGreaterThan(20);
    expect(counts.declined).toBeLessThan(counts.records / 2);
    // Only what does not fit into the key table may be counted twice, and here all fits.
    expect(counts.countedTwice).toBe(0);
  });

  it("need the reference for none of the simulator's events", () => {
    const plan = factPlan();
    const counts = emptyCounts();
    const pair = new TranscoderPair(module, plan, new Randomness(1), counts);
    const task = eventsTask(plan, 5_000, "lz4");
    for (const format of formats) pair.run({ ...task, format }, Date.now());
    expect(counts).toMatchObject({ records: 10_000, rows: 10_000, leftOver: 0, declined: 0, deadByType: {} });
  });

  it("need the reference for no time that stands for none", () => {
    const none = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2023-11-14T22:13:20Z"];
    const wish = { timeFormat: "auto", placeholderIsNull: true } as const;
    for (const type of [
      "Nullable(DateTime64(3))",
      "DateTime",
      "DateTime('Asia/Seoul')",
      "LowCardinality(Nullable(Date32))",
    ]) {
      const plan = makePlan({ columns: [read("ts", type, wish)] });
      const counts = emptyCounts();
      const pair = new TranscoderPair(module, plan, new Randomness(1), counts);
      const dates = type.includes("Date32") ? none.map((text) => text.slice(0, 10)) : none;
      const batch = makeBatch(dates.map((ts) => ({ value: text(`{"ts":"${ts}"}`) })));
      for (const format of formats) pair.run(makeTask([batch], { format }));
      expect(counts, type).toMatchObject({ rows: 6, leftOver: 0, declined: 0 });
    }
  });

  it("judge the bytes of a key that was predicted from an earlier document", () => {
    const wrong = concat([text('{"a":1,"k'), Uint8Array.of(0xd4), text('":2}')]);
    const plan = makePlan({ columns: [read("a", "Int32")] });
    for (const result of agree(plan, [wrong, wrong, wrong])) {
      expect(result.counts.deadByType).toEqual({ invalid_utf8: 3 });
    }
    const known = text('{"a":1,"schlüssel":2}');
    for (const result of agree(plan, [known, known])) expect(result.rows.rowCount).toBe(2);
  });

  it.each(["DateTime", "DateTime64(3)", "Date"])("take an event time that is the record's own time: %s", (type) => {
    const plan = makePlan({
      columns: [read("at", type, { source: { kind: "record", field: "timestamp" } })],
      eventTimeColumn: "at",
    });
    // A day lies up to 24 hours behind: late, then, and in no stage that begins at the event.
    const length = type === "Date" ? 0 : 2;
    for (const { latency } of agree(plan, [text("{}")])) expect(latency[0]?.produce).toHaveLength(length);
  });

  it("read headers whose times and offsets are beyond all doubles", () => {
    const plan = makePlan({ columns: [read("a", "Int32"), ...factColumns()] });
    for (const time of [2 ** 53, 2 ** 62, -(2 ** 62), 2 ** 52]) {
      agree(plan, [text('{"a":1}')], { baseTimestampMs: time });
      agree(plan, [text('{"a":1}')], { baseTimestampMs: 0, maxTimestampMs: time, attributes: 8 });
    }
    const far = makeBatch([{ value: text('{"a":1}') }], { baseOffset: 2 ** 53 });
    const pair = new TranscoderPair(module, plan, new Randomness(1), emptyCounts());
    expect(pair.run(makeTask([far], { lastOffset: 2 ** 54 })).recordCount).toBe(1);
  });

  it("write dead letters of a torn batch with the batch's time, wherever the range begins", () => {
    const torn = makeBatch(
      [1, 2, 3].map((a) => ({ value: text(`{"a":${a}}`), timestampDelta: 5 })),
      { baseTimestampMs: RECORD_MS, maxTimestampMs: RECORD_MS + 500, lastOffsetDelta: 3, recordCount: 4 },
    );
    const plan = makePlan({ columns: [read("a", "Int32")] });
    const pair = new TranscoderPair(module, plan, new Randomness(1), emptyCounts());
    for (const firstOffset of [0, 1, 3]) {
      const { deadLetters } = pair.run(makeTask([torn], { firstOffset }));
      expect(readRows(deadLetters, deadLetterPlanColumns)).toMatchObject([
        { kafka_offset: 3, ingest_ts: RECORD_MS + 500 },
      ]);
    }
  });

  it("count the fields of a flag's path as known", () => {
    const rule = { rule: "statusFromResult", field: "status", result: "result", flag: "ctx.synthetic" } as const;
    const plan = makePlan({ columns: [read("status", "Int32")], rules: [rule] });
    for (const { counts } of agree(plan, [text('{"ctx":{},"other":1}')])) expect(counts.unknownFields).toBe(1);
  });

  it("differ in the count of unknown fields only where a key comes twice and has no room any more", () => {
    const twice = `{"a":1,"${"k".repeat(257)}":1,"${"k".repeat(257)}":2}`;
    const plan = makePlan({ columns: [read("a", "Int32")] });
    const counts = emptyCounts();
    const pair = new TranscoderPair(module, plan, new Randomness(1), counts);
    expect(pair.run(makeTask([makeBatch([{ value: text(twice) }])])).counts.unknownFields).toBe(2);
    const many = Array.from({ length: 600 }, (_, index) => `"key${index}":1`).join(",");
    const repeated = text(`{${many},"key7":2,"key599":2}`);
    // key7 has a place in the table, key599 has none.
    expect(pair.run(makeTask([makeBatch([{ value: repeated }])])).counts.unknownFields).toBe(601);
    expect(counts.countedTwice).toBe(2);
  });

  it("agree on plans with more and longer names than the kernel has room for", () => {
    const columns = Array.from({ length: 600 }, (_, index) => column(`c${index}`, types.Int32));
    const wide = makePlan({ columns });
    const long = makePlan({ columns: [read("n".repeat(300), "Int32"), read("b", "Int32")] });
    const group = makePlan({
      columns: [read("g", "String", { missing: { kind: "value", value: "g".repeat(200) } })],
      latencyGroupColumn: "g",
    });
    for (const plan of [wide, long, group]) {
      expect(isPlanSupported(plan)).toBe(false);
      const values = [`{"c0":1,"c599":2,"zz":3,"b":4,"${"n".repeat(300)}":5}`, '{"unknown":7}'].map(text);
      const task = makeTask([makeBatch(values.map((value) => ({ value })))]);
      const [kernel, reference] = [
        createKernelTranscoder(plan, nodeInflaters, module),
        createReferenceTranscoder(plan, nodeInflaters),
      ].map((transcoder) => transcoder.run(task, () => STARTED_MS));
      expect(Buffer.from(kernel!.rows.bytes)).toEqual(Buffer.from(reference!.rows.bytes));
      expect(kernel!.latency).toEqual(reference!.latency);
    }
  });

  it("count a hundred latency groups as the same sum", () => {
    const plan = makePlan({
      columns: [read("service", "String"), read("ts", "DateTime64(3)")],
      eventTimeColumn: "ts",
      latencyGroupColumn: "service",
    });
    const values = Array.from({ length: 300 }, (_, index) => text(`{"service":"s${index % 100}","ts":${EVENT_MS}}`));
    for (const { latency } of agree(plan, values)) expect(latency).toHaveLength(64);
  });

  it("count late rows in the same bands, whatever the record's time", () => {
    const plan = makePlan({
      columns: [read("ts", "Nullable(DateTime64(3))", { missing: { kind: "record", field: "timestamp" } })],
      eventTimeColumn: "ts",
      horizon: { column: "ts", backMs: 8 * DAY_MS, aheadMs: DAY_MS },
    });
    const random = new Randomness(7);
    const found = noLateRows();
    for (let round = 0; round < 20; round++) {
      const values = Array.from({ length: 40 }, () => {
        const { aboveMs } = latenessBands[random.below(latenessBands.length)]!;
        return text(`{"ts":${EVENT_MS - aboveMs - [-1, 0, 1, 2, 1_000][random.below(5)]!}}`);
      });
      values.push(text("{}"), text('{"ts":null}'));
      for (const { counts } of agree(plan, values, { baseTimestampMs: random.oneIn(4) ? -1 : EVENT_MS })) {
        for (const { name } of latenessBands) found[name] += counts.lateByBand[name];
      }
    }
    for (const { name } of latenessBands) expect(found[name], name).toBeGreaterThan(20);
  });

  it("keep each row's key where a chunk of rows has to be written again, while its dictionaries outgrow their indexes", () => {
    const columns = [
      read("key", "LowCardinality(String)"),
      read("keys", "Array(LowCardinality(Nullable(String)))"),
      read("map", "Map(LowCardinality(String), UInt8)"),
      read("number", "UInt32"),
    ];
    const numberOf = (index: number) => (index % 100 === 77 ? '"none"' : index);
    const documentOf = (index: number) =>
      text(`{"key":"k${index}","keys":[null,"${index}"],"map":{"m${index}":1},"number":${numberOf(index)}}`);
    const values = Array.from({ length: 1_000 }, (_, index) => documentOf(index));
    for (const { rows } of agree(makePlan({ columns }), values)) expect(rows.rowCount).toBe(990);
    // And from two bytes to four.
    const plan = makePlan({ columns: [columns[0]!, columns[3]!] });
    const many = Array.from({ length: 66_000 }, (_, index) => text(`{"key":"${index}","number":${numberOf(index)}}`));
    for (const { rows } of agree(plan, many)) expect(rows.rowCount).toBe(65_340);
  });

  it("keep a byte order mark that begins a latency group", () => {
    const plan = makePlan({ columns: [read("service", "String")], latencyGroupColumn: "service" });
    for (const { latency } of agree(plan, [text('{"service":"\ufeffauth"}')]))
      expect(latency[0]?.group).toBe("\ufeffauth");
  });
});

/** A column for each fact that is a number. */
function factColumns(): PlanColumn[] {
  const fields = ["offset", "timestamp", "received", "processed"] as const;
  return fields.map((field) => read(field, "Nullable(Int64)", { source: { kind: "record", field } }));
}
