import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { column, deadLetterPlanColumns, makePlan, types } from "../fixtures/plan.ts";
import { readRows } from "../fixtures/read-rows.ts";
import { concat, makeBatch, text } from "../fixtures/record-batch.ts";
import { EVENT_MS, makeTask, RECORD_MS, STARTED_MS } from "../fixtures/task.ts";
import { createReferenceTranscoder } from "./transcoder.ts";

// Every record ends as exactly one row or one dead letter, with an error type and a message that says what and where.

const DAY_MS = 86_400_000;
const plan = makePlan({
  columns: [
    column("event_ts", types.Time, { missing: { kind: "record", field: "timestamp" } }),
    column("service", types.Service),
    column("status_code", types.Int32),
  ],
  rules: [{ rule: "require", field: "service", errorType: "service_missing" }],
  eventTimeColumn: "event_ts",
  horizon: { column: "event_ts", backMs: 7 * DAY_MS, aheadMs: 3_600_000 },
});

/** What becomes of one value. */
function outcome(value: Uint8Array | null, used: TablePlan = plan) {
  const batch = makeBatch([{ key: text("k"), value }], { baseTimestampMs: RECORD_MS });
  const result = createReferenceTranscoder(used, nodeInflaters).run(makeTask([batch]), () => STARTED_MS);
  expect(result.recordCount).toBe(1);
  expect(result.rows.rowCount + result.dead.rowCount).toBe(1);
  const row = readRows(result.rows, used.columns)[0];
  const dead = readRows(result.dead, deadLetterPlanColumns)[0];
  if (dead !== undefined) expect(result.counts.deadByType).toEqual({ [String(dead.error_type)]: 1 });
  return { row, dead, counts: result.counts };
}

function withFields(fields: string): Uint8Array {
  return text(`{"event_ts":${EVENT_MS},"service":"auth","status_code":200${fields}}`);
}

const messagePack = new Packr({ useRecords: false });
const packed = Uint8Array.from(messagePack.pack({ event_ts: EVENT_MS, service: "auth", status_code: 201 }));

describe("bad input", () => {
  const deep = `${'{"a":'.repeat(200)}1${"}".repeat(200)}`;

  it.each<[string, Uint8Array | null, string, string]>([
    ["not JSON", text("hello"), "json_parse_failed", 'not JSON: unexpected "h" at character 0 of 5'],
    ["truncated", text('{"service":"au'), "json_parse_failed", "the text ends too early at character 14 of 14"],
    ["two documents", text("{}{}"), "json_parse_failed", 'unexpected "{" at character 2 of 4'],
    ["invalid UTF-8", concat([text('{"service":"'), Uint8Array.of(0xff), text('"}')]), "invalid_utf8", "15 bytes"],
    ["an overlong NUL", concat([text('{"a":"'), Uint8Array.of(0xc0, 0x80), text('"}')]), "invalid_utf8", "UTF-8"],
    ["empty value", new Uint8Array(0), "empty_value", "the record's value has no bytes"],
    ["white space only", text("  \n"), "json_parse_failed", "the text ends too early at character 3"],
    ["null value", null, "null_value", "tombstone"],
    [
      "a raw NUL in a string",
      text('{"service":"a\u0000"}'),
      "json_parse_failed",
      'unexpected "\\u0000" at character 13',
    ],
    ["NUL bytes", new Uint8Array(8), "json_parse_failed", 'unexpected "\\u0000" at character 0'],
    ["JSON string", text('"text"'), "json_not_object", "a string"],
    ["JSON number", text("12"), "json_not_object", "a number"],
    ["JSON array", text('[{"service":"auth"}]'), "json_not_object", "an array"],
    ["JSON null", text("null"), "json_not_object", "null"],
    ["JSON true", text("true"), "json_not_object", "a boolean"],
    ["JSON twice in a string", text(JSON.stringify(JSON.stringify('{"a":1}'))), "json_not_object", "a string"],
    ["a string that only begins as JSON", text('"{broken"'), "json_not_object", "a string"],
    ["service missing", text(`{"event_ts":${EVENT_MS}}`), "service_missing", "field service is missing or empty"],
    ["service empty", text('{"service":""}'), "service_missing", "field service"],
    ["wrong type", withFields(',"status_code":{"a":1}'), "field_type", "column status_code (Int32): "],
    ["out of range", withFields(',"status_code":2147483648'), "field_range", "column status_code (Int32): "],
    [
      "time absurd",
      withFields(',"event_ts":0'),
      "event_time_range",
      "1970-01-01T00:00:00.000Z lies 1700000000060 ms behind",
    ],
    ["time ahead", withFields(`,"event_ts":${STARTED_MS + 3_600_001}`), "event_time_range", "3600001 ms ahead of now"],
    ["MessagePack cut off", packed.subarray(0, 20), "msgpack_parse_failed", "the value of 20 bytes is not MessagePack"],
    ["MessagePack with more behind", concat([packed, text("x")]), "msgpack_parse_failed", "not MessagePack"],
  ])("%s becomes one dead letter", (_name, value, errorType, message) => {
    const { dead } = outcome(value);
    expect(dead?.error_type).toBe(errorType);
    expect(dead?.error_message).toContain(message);
    expect(dead?.raw_json).toBe(value === null ? "" : new TextDecoder().decode(value));
    expect(dead).toMatchObject({
      source_key: "k",
      source_offset: 0,
      topic: "logs.auth",
      kafka_partition: 3,
      kafka_offset: 0,
      pipeline: "test",
      ingest_ts: RECORD_MS,
      processed_ts: STARTED_MS,
    });
  });

  it.each<[string, Uint8Array, object]>([
    ["a document", withFields(""), { event_ts: EVENT_MS, service: "auth", status_code: 200 }],
    ["white space around it", text('\n\t {"service":"a"} \r\n'), { service: "a" }],
    ["a byte order mark", concat([Uint8Array.of(0xef, 0xbb, 0xbf), withFields("")]), { service: "auth" }],
    ["an escaped NUL", text('{"service":"a\\u0000b"}'), { service: "a\u0000b" }],
    ["a duplicate key: the last wins", withFields(',"status_code":404'), { status_code: 404 }],
    ["no event time: Kafka's", text('{"service":"a"}'), { event_ts: RECORD_MS, status_code: 0 }],
    ["200 levels in a field nobody reads", withFields(`,"deep":${deep}`), { status_code: 200 }],
    ["1 MiB", withFields(`,"pad":"${"x".repeat(1 << 20)}"`), { status_code: 200 }],
    ["MessagePack", packed, { event_ts: EVENT_MS, service: "auth", status_code: 201 }],
    ["the far edge of the horizon", withFields(`,"event_ts":${STARTED_MS - 7 * DAY_MS}`), { status_code: 200 }],
    ["an inherited name is no field", text('{"service":"a","__proto__":{"status_code":7}}'), { status_code: 0 }],
  ])("%s becomes one row", (_name, value, row) => {
    const seen = outcome(value);
    expect(seen.dead).toBeUndefined();
    expect(seen.row).toMatchObject(row);
  });

  it("200 and 100,000 levels that a String column reads end as one row or one dead letter", () => {
    const used = makePlan({ columns: [column("a", types.String)] });
    expect(outcome(text(deep), used).row?.a).toBe(deep.slice(5, -1));
    const abyss = text(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    const { row, dead } = outcome(abyss, used);
    expect(row ?? dead).toBeDefined();
    expect(["nesting_too_deep", undefined]).toContain(dead?.error_type);
  });

  it("MessagePack nested without end is a parse error", () => {
    const { dead } = outcome(concat([Uint8Array.of(0x81, 0xa1, 0x61), new Uint8Array(200_000).fill(0x91)]));
    expect(dead?.error_type).toBe("msgpack_parse_failed");
  });

  it("unwraps JSON that was encoded twice, once, and counts it", () => {
    const seen = outcome(text(JSON.stringify(`{"event_ts":${EVENT_MS},"service":"auth","status_code":201}`)));
    expect(seen.row).toEqual({ event_ts: EVENT_MS, service: "auth", status_code: 201 });
    expect(seen.counts.unwrapped).toBe(1);
  });

  it("counts unknown fields, and no known one", () => {
    expect(outcome(withFields(',"a":1,"b":{"c":2}')).counts.unknownFields).toBe(2);
    expect(outcome(withFields("")).counts.unknownFields).toBe(0);
  });

  it("counts Kafka's time taken and lateness for rows only", () => {
    expect(outcome(text('{"service":"a"}')).counts).toMatchObject({ eventTimeFromKafka: 1, late: 0 });
    expect(outcome(withFields(`,"event_ts":${RECORD_MS - 3_600_001}`)).counts.late).toBe(1);
    expect(outcome(withFields(`,"event_ts":${RECORD_MS - 3_600_000}`)).counts.late).toBe(0);
    expect(outcome(text("{}")).counts).toMatchObject({ eventTimeFromKafka: 0, late: 0 });
  });

  it("a codec that is set decides, whatever the first byte says", () => {
    expect(outcome(packed, { ...plan, codec: "json" }).dead?.error_type).toBe("invalid_utf8");
    expect(outcome(withFields(""), { ...plan, codec: "msgpack" }).dead?.error_type).toBe("msgpack_parse_failed");
    const number = Uint8Array.of(7);
    expect(outcome(number, { ...plan, codec: "msgpack" }).dead?.error_message).toContain("a number, not a map");
  });
});

describe("dead letters", () => {
  it("carry what the document said of itself, and the event time when it can be read", () => {
    const ids = ',"event_id":"evt_1","request_id":17,"status_code":"x y"';
    expect(outcome(withFields(ids)).dead).toMatchObject({
      service: "auth",
      event_id: "evt_1",
      request_id: "17",
      created_ts: EVENT_MS,
    });
    expect(outcome(withFields(',"event_ts":0')).dead?.created_ts).toBe(0);
  });

  it("fall back to topic-partition-offset, unknown service and no time", () => {
    expect(outcome(text("x")).dead).toMatchObject({
      service: "unknown",
      event_id: "logs.auth-3-0",
      request_id: "",
      created_ts: null,
    });
    expect(outcome(withFields(',"event_id":["no id"],"status_code":[]')).dead?.event_id).toBe("logs.auth-3-0");
  });

  it("never fail: a column too narrow for its value takes its default", () => {
    const columns = [
      column("error_message", types.Int32),
      column("service", types.Int64, { missing: { kind: "reject" } }),
      column("error_type", types.String),
    ];
    const used = { ...plan, deadLetters: { ...plan.deadLetters, columns } };
    const batch = makeBatch([{ value: text("x") }]);
    const result = createReferenceTranscoder(used, nodeInflaters).run(makeTask([batch]), () => STARTED_MS);
    expect(readRows(result.dead, columns)).toEqual([{ error_message: 0, service: 0, error_type: "json_parse_failed" }]);
    expect(result.counts.coercions).toEqual({});
  });
});
