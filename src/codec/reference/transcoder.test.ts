import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { column, deadLetterPlanColumns, makePlan, types } from "../fixtures/plan.ts";
import { type Row, readRows } from "../fixtures/read-rows.ts";
import { makeBatch, text } from "../fixtures/record-batch.ts";
import { EVENT_MS, makeTask, RECEIVED_MS, RECORD_MS, STARTED_MS } from "../fixtures/task.ts";
import type { TranscodeResult, TranscodeTask } from "../task.ts";
import { transferListOf } from "../transfer-list.ts";
import { createReferenceTranscoder } from "./transcoder.ts";

function transcode(task: TranscodeTask, plan: TablePlan = makePlan()): TranscodeResult {
  return createReferenceTranscoder(plan, nodeInflaters).run(task, () => STARTED_MS);
}

function rowsOf(documents: string[], plan: TablePlan): Row[] {
  const batch = makeBatch(
    documents.map((document) => ({ value: text(document) })),
    { baseTimestampMs: RECORD_MS },
  );
  const result = transcode(makeTask([batch]), plan);
  expect(readRows(result.dead, deadLetterPlanColumns)).toEqual([]);
  return readRows(result.rows, plan.columns, plan.format);
}

/** A batch of `count` good documents. */
function goodBatch(baseOffset: number, count: number, more: object = {}): Uint8Array {
  const records = Array.from({ length: count }, (_, index) => ({
    value: text(`{"service":"s${baseOffset + index}","status_code":${baseOffset + index}}`),
  }));
  return makeBatch(records, { baseOffset, baseTimestampMs: RECORD_MS, ...more });
}

const gzip = { attributes: 1, compress: (bytes: Uint8Array) => gzipSync(bytes) };

describe("columns", () => {
  it("read the literal key first, then the path, names in order", () => {
    const plan = makePlan({
      columns: [column("a", types.String, { source: { kind: "document", names: ["id.orig_h", "other"] } })],
    });
    const rows = rowsOf(
      ['{"id.orig_h":"dots","id":{"orig_h":"path"}}', '{"id":{"orig_h":"path"}}', '{"id":[1],"other":"2nd"}', "{}"],
      plan,
    );
    expect(rows.map(({ a }) => a)).toEqual(["dots", "path", "2nd", ""]);
  });

  it("what is missing becomes what the plan says", () => {
    const columns = [
      column("type_default", types.Int32),
      column("value", types.String, { missing: { kind: "value", value: "unknown" } }),
      column("nullable", types.NullableString),
      column("record", types.Time, { timeFormat: "rfc3339", missing: { kind: "record", field: "timestamp" } }),
      column("key", types.String, { missing: { kind: "record", field: "key" } }),
    ];
    const absent = { type_default: 0, value: "unknown", nullable: null, record: RECORD_MS, key: "" };
    const nulls = '{"type_default":null,"value":null,"nullable":null,"record":null,"key":null}';
    expect(rowsOf(["{}", nulls], makePlan({ columns }))).toEqual([absent, absent]);
  });

  it("a table's DEFAULT is asked for with the marker of RowBinaryWithDefaults", () => {
    const columns = [
      column("a", types.Int32, { missing: { kind: "tableDefault" } }),
      column("b", types.NullableString, { missing: { kind: "tableDefault" } }),
      column("c", types.Time, { missing: { kind: "tableDefault" } }),
    ];
    const plan = makePlan({ columns, format: "RowBinaryWithDefaults", eventTimeColumn: "c" });
    expect(rowsOf(["{}", `{"a":1,"b":null,"c":${EVENT_MS}}`], plan)).toEqual([
      { a: "DEFAULT", b: "DEFAULT", c: "DEFAULT" },
      { a: 1, b: null, c: EVENT_MS },
    ]);
  });

  it("record fields fill columns, times in ms, bytes as they came", () => {
    const fields = ["topic", "partition", "offset", "timestamp", "key", "received", "processed", "raw"] as const;
    const columnTypes = {
      topic: types.Service,
      partition: types.Int32,
      offset: types.Int64,
      timestamp: types.Time,
      key: types.NullableString,
      received: types.Time,
      processed: types.Time,
      raw: types.String,
    };
    const columns = fields.map((field) =>
      column(field, columnTypes[field], { source: { kind: "record", field }, timeFormat: "auto" }),
    );
    const batch = makeBatch([{ key: text("k"), value: text("{}") }, { value: text("{ }") }], {
      baseOffset: 7,
      baseTimestampMs: RECORD_MS,
    });
    const facts = {
      topic: "logs.auth",
      partition: 3,
      timestamp: RECORD_MS,
      received: RECEIVED_MS,
      processed: STARTED_MS,
    };
    expect(readRows(transcode(makeTask([batch]), makePlan({ columns })).rows, columns)).toEqual([
      { ...facts, offset: 7, key: "k", raw: "{}" },
      { ...facts, offset: 8, key: null, raw: "{ }" },
    ]);
  });

  it("numbers beyond 2^53 keep their text, also when a rule moved them from another field", () => {
    const big = "9007199254740993";
    const columns = [column("text", types.String), column("moved", types.String)];
    const plan = makePlan({ columns, rules: [{ rule: "default", field: "moved", from: ["old.name"] }] });
    expect(rowsOf([`{"text":${big},"old":{"name":${big}}}`, `{"moved":${big}1}`], plan)).toEqual([
      { text: big, moved: big },
      { text: "", moved: `${big}1` },
    ]);
  });

  it("a plan that contradicts itself is refused when it is compiled, by name", () => {
    const compile = (more: Partial<TablePlan>) => createReferenceTranscoder(makePlan(more), nodeInflaters);
    const badDefault = column("n", types.Int32, { missing: { kind: "value", value: "x" } });
    expect(() => compile({ columns: [badDefault] })).toThrow('Default "x" of column n (Int32) does not fit');
    const tableDefault = column("n", types.Int32, { missing: { kind: "tableDefault" } });
    expect(() => compile({ columns: [tableDefault] })).toThrow("Column n cannot take the table's DEFAULT");
    expect(() => compile({ eventTimeColumn: "nope" })).toThrow("names nope for its event time");
    const horizon = { column: "service", backMs: 1, aheadMs: 1 };
    expect(() => compile({ horizon })).toThrow("names service for its lateness horizon, but LowCardinality(String)");
  });
});

describe("ranges and batches", () => {
  const offsets = (result: TranscodeResult) => [...result.rows.offsets];

  it("only offsets in range count, over batch boundaries and compression", () => {
    const batches = [goodBatch(10, 5), goodBatch(15, 5, gzip), goodBatch(20, 5)];
    expect(offsets(transcode(makeTask(batches, { firstOffset: 13, lastOffset: 21 })))).toEqual([
      13, 14, 15, 16, 17, 18, 19, 20, 21,
    ]);
    expect(transcode(makeTask(batches, { firstOffset: 30, lastOffset: 40 })).recordCount).toBe(0);
  });

  it("control batches hold no records of users", () => {
    const batches = [goodBatch(0, 1), goodBatch(1, 1, { attributes: 0x30 }), goodBatch(2, 1)];
    expect(offsets(transcode(makeTask(batches)))).toEqual([0, 2]);
  });

  it("a record without a Kafka time has the time of receipt", () => {
    const plan = makePlan({ columns: [column("t", types.Time, { source: { kind: "record", field: "timestamp" } })] });
    const batch = makeBatch([{ value: text("{}") }], { baseTimestampMs: -1 });
    expect(readRows(transcode(makeTask([batch]), plan).rows, plan.columns)).toEqual([{ t: RECEIVED_MS }]);
  });

  it("rows that the server refused become dead letters with its reason", () => {
    const refused = [{ offset: 1, errorType: "clickhouse_321", errorMessage: "DB::Exception: too bad" }];
    const result = transcode(makeTask([goodBatch(0, 3)], { refused }));
    expect(offsets(result)).toEqual([0, 2]);
    expect(readRows(result.dead, deadLetterPlanColumns)).toMatchObject([
      { error_type: "clickhouse_321", error_message: "DB::Exception: too bad", service: "s1", kafka_offset: 1 },
    ]);
  });

  it("a batch that cannot be inflated becomes a dead letter per offset, its bytes in the first; the rest goes on", () => {
    const broken = goodBatch(1, 3, { attributes: 1 });
    const result = transcode(makeTask([goodBatch(0, 1), broken, goodBatch(4, 1)]));
    expect(offsets(result)).toEqual([0, 4]);
    const dead = readRows(result.dead, deadLetterPlanColumns);
    expect(dead.map(({ kafka_offset }) => kafka_offset)).toEqual([1, 2, 3]);
    expect(dead[0]?.error_message).toContain("offset 1 cannot be read: cannot inflate");
    expect(dead[1]?.error_message).toContain("the batch's bytes are in the dead letter of offset 1");
    expect([dead[0]?.raw_json === "", dead[1]?.raw_json]).toEqual([false, ""]);
    expect(result.counts.deadByType).toEqual({ batch_corrupt: 3 });
  });

  it("a batch that breaks off in the middle keeps the records before the break", () => {
    const batch = goodBatch(0, 4);
    const recordBytes = (batch.length - 61) / 4;
    batch[61 + 2 * recordBytes] = 0x7e; // the third record claims 63 bytes
    const result = transcode(makeTask([batch]));
    expect([...result.rows.offsets]).toEqual([0, 1]);
    expect([...result.dead.offsets]).toEqual([2, 3]);
  });

  it("corrupt letters stay in the task's range, and a lying header cannot make them without end", () => {
    const broken = goodBatch(0, 10, { attributes: 1 });
    expect([...transcode(makeTask([broken], { firstOffset: 4, lastOffset: 6 })).dead.offsets]).toEqual([4, 5, 6]);
    const lying = goodBatch(0, 1, { attributes: 1, lastOffsetDelta: 2 ** 31 - 1 });
    const result = transcode(makeTask([lying], { lastOffset: 2 ** 31 }));
    expect(result.dead.rowCount).toBe(100_000);
    const last = readRows(result.dead, deadLetterPlanColumns).at(-1);
    expect(last?.error_message).toContain("stands for offsets 99999 to 2147483647");
  });

  it("bytes too few for a header are kept in one letter", () => {
    const result = transcode(makeTask([Uint8Array.of(1, 2, 3)], { firstOffset: 5, lastOffset: 9 }));
    expect([...result.dead.offsets]).toEqual([5]);
  });

  it("a transcoder runs task after task without remembering the one before", () => {
    const transcoder = createReferenceTranscoder(makePlan(), nodeInflaters);
    const run = (batch: Uint8Array) => transcoder.run(makeTask([batch]), () => STARTED_MS);
    run(goodBatch(0, 200));
    const result = run(makeBatch([{ value: text('{"service":"only"}') }, { value: null }]));
    expect(readRows(result.rows, makePlan().columns)).toEqual([{ service: "only", status_code: 0 }]);
    expect(result.counts.deadByType).toEqual({ null_value: 1 });
  });

  it("hands over every buffer once", () => {
    const result = transcode(makeTask([goodBatch(0, 3)]));
    const buffers = transferListOf(result);
    expect(new Set(buffers).size).toBe(buffers.length);
    const moved = structuredClone(result, { transfer: buffers });
    expect(result.rows.bytes.length).toBe(0);
    expect(readRows(moved.rows, makePlan().columns).length).toBe(3);
  });
});

describe("latency", () => {
  const plan = makePlan({
    columns: [column("event_ts", types.NullableTime), column("service", types.Service)],
    eventTimeColumn: "event_ts",
    latencyGroupColumn: "service",
  });
  const run = (values: string[]) =>
    transcode(
      makeTask([
        makeBatch(
          values.map((value) => ({ value: text(value) })),
          { baseTimestampMs: RECORD_MS },
        ),
      ]),
      plan,
    );

  it("counts each row's differences in its group", () => {
    const event = (service: string, ms: number) => `{"event_ts":${ms},"service":"${service}"}`;
    const { latency } = run([event("auth", EVENT_MS), event("auth", EVENT_MS), event("order", RECORD_MS + 5), "bad"]);
    const asArrays = latency.map((group) => ({
      group: group.group,
      produce: [...group.produce],
      fetch: [...group.fetch],
      eventAge: [...group.eventAge],
      recordAge: [...group.recordAge],
    }));
    expect(asArrays).toEqual([
      { group: "auth", produce: [10, 2], fetch: [20, 2], eventAge: [60, 2], recordAge: [50, 2] },
      { group: "order", produce: [-5, 1], fetch: [20, 1], eventAge: [45, 1], recordAge: [50, 1] },
    ]);
  });

  it("a row without an event time counts where only Kafka's time matters", () => {
    const [group] = run(['{"service":"auth"}']).latency;
    expect([group?.produce.length, group?.eventAge.length]).toEqual([0, 0]);
    expect([...group!.recordAge]).toEqual([50, 1]);
  });

  it("reports 64 groups at most, the last one for all that do not fit", () => {
    const { latency } = run(Array.from({ length: 200 }, (_, index) => `{"service":"s${index}"}`));
    expect(latency.length).toBe(64);
    expect(latency.at(-1)?.group).toBe("other");
    expect(latency.at(-1)?.recordAge[1]).toBe(137);
  });
});

describe("damaged batches", () => {
  it("never throw, and every offset claimed in range ends exactly once", () => {
    const pristine = [goodBatch(0, 6), goodBatch(6, 6, gzip), goodBatch(12, 6)];
    const batchIndex = fc.nat(2);
    // The first 27 bytes and the count say what is claimed; what lies behind them may be anything.
    const edit = fc.tuple(batchIndex, fc.nat(400), fc.nat(255));
    const transcoder = createReferenceTranscoder(makePlan(), nodeInflaters);
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), fc.nat(17), fc.nat(17), (edits, left, right) => {
        const batches = pristine.map((batch) => Uint8Array.from(batch));
        for (const [index, at, byte] of edits) {
          const batch = batches[index]!;
          batch[61 + (at % (batch.length - 61))] = byte;
        }
        const [firstOffset, lastOffset] = left < right ? [left, right] : [right, left];
        const result = transcoder.run(makeTask(batches, { firstOffset, lastOffset }), () => STARTED_MS);
        const seen = [...result.rows.offsets, ...result.dead.offsets].sort((a, b) => a - b);
        expect(seen).toEqual(Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => firstOffset + index));
        expect(result.recordCount).toBe(seen.length);
        expect(result.counts.deadByType.internal_error).toBeUndefined();
        readRows(result.rows, makePlan().columns);
        readRows(result.dead, deadLetterPlanColumns);
      }),
      { numRuns: 400 },
    );
  });

  it("never throw whatever the header says, and never lose the count", () => {
    const transcoder = createReferenceTranscoder(makePlan(), nodeInflaters);
    const edits = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(edits, fc.nat(200), (list, cut) => {
        const batch = goodBatch(0, 6);
        for (const [at, byte] of list) batch[at] = byte;
        const torn = batch.subarray(0, batch.length - (cut % 3 === 0 ? cut : 0));
        const result = transcoder.run(makeTask([torn], { lastOffset: 50 }), () => STARTED_MS);
        expect(result.recordCount).toBe(result.rows.rowCount + result.dead.rowCount);
        expect(result.counts.deadByType.internal_error).toBeUndefined();
        for (const offset of [...result.rows.offsets, ...result.dead.offsets]) {
          expect(offset >= 0 && offset <= 50).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("any bytes as a value end as one row or one dead letter", () => {
    const transcoder = createReferenceTranscoder(makePlan(), nodeInflaters);
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map(text),
      fc
        .tuple(fc.constantFrom(0x80, 0x81, 0x82, 0xde, 0xdf), fc.uint8Array({ maxLength: 30 }))
        .map(([first, rest]) => Uint8Array.of(first, ...rest)),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const batch = makeBatch(values.map((bytes) => ({ value: bytes })));
        const result = transcoder.run(makeTask([batch]), () => STARTED_MS);
        expect(result.recordCount).toBe(values.length);
        expect(result.counts.deadByType.internal_error).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
