import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import type { RefusedRow, TaskSection, TranscodeResult, TranscodeTask } from "../task.ts";
import { transferListOf } from "../transfer-list.ts";
import type { CreateTranscoder } from "./create-transcoder.ts";
import { column, deadLetterPlanColumns, makePlan, types } from "./plan.ts";
import { readRows } from "./read-rows.ts";
import { concat, makeBatch, text } from "./record-batch.ts";
import { makeTaskOf, RECORD_MS, STARTED_MS } from "./task.ts";

const recordColumn = (name: "topic" | "partition" | "offset", type: (typeof types)[keyof typeof types]) =>
  column(name, type, { source: { kind: "record", field: name } });

/** Each row says where it comes from, by the record's facts and by an id made of them. */
const plan = makePlan({
  columns: [
    column("id", types.String),
    column("service", types.Service),
    column("status_code", types.Int32),
    recordColumn("topic", types.Service),
    recordColumn("partition", types.Int32),
    recordColumn("offset", types.Int64),
  ],
  rules: [{ rule: "recordId", field: "id" }],
});

/** What a record becomes: a row; a row that the reference writes, whatever the transcoder; or a dead letter. */
const good = (service: string) => text(`{"service":"${service}","status_code":1}`);
const wrapped = (service: string) => text(JSON.stringify(`{"service":"${service}","status_code":1}`));
const bad = text('{"service":"bad","status_code":"none"}');

const batchOf = (baseOffset: number, values: Uint8Array[], more: object = {}) =>
  makeBatch(
    values.map((value) => ({ value })),
    { baseOffset, baseTimestampMs: RECORD_MS, ...more },
  );

/** Each row or dead letter as `topic-partition-offset`, in their order; of rows with the service. */
function seen({ rows, deadLetters }: TranscodeResult) {
  return {
    rows: readRows(rows, plan.columns).map(({ id, service, topic, partition, offset }) => {
      expect(id).toBe(`${topic}-${partition}-${offset}`);
      return `${id} ${service}`;
    }),
    rowOffsets: [...rows.offsets],
    sectionRows: [...rows.sectionRows],
    dead: readRows(deadLetters, deadLetterPlanColumns).map((letter) => {
      const { topic, kafka_partition, kafka_offset, error_type, event_id } = letter;
      expect(event_id).toBe(`${topic}-${kafka_partition}-${kafka_offset}`);
      return `${event_id} ${error_type}`;
    }),
    deadOffsets: [...deadLetters.offsets],
    sectionDead: [...deadLetters.sectionRows],
  };
}

type Transcode = (parts: Parameters<typeof makeTaskOf>[0], more?: Partial<TranscodeTask>) => TranscodeResult;

/** What every transcoder does with a task of several sections, in either format. */
export function sectionsSuite(createTranscoder: CreateTranscoder, format: TranscodeTask["format"]): void {
  const transcode: Transcode = (parts, more) =>
    createTranscoder(plan, nodeInflaters).run({ ...makeTaskOf(parts, { format }), ...more }, () => STARTED_MS);

  describe("sections", () => {
    testOrder(transcode);
    testOwners(transcode, format);
    testFaults(transcode);
    testBatches(transcode);
  });
}

/** Which rows a section has, and where they come. */
function testOrder(transcode: Transcode): void {
  it("have rows with their own topic and partition, in their order, though all have the same offsets", () => {
    const batches = [batchOf(5, [good("x"), good("y")])];
    const result = transcode([
      { topic: "b.longer", partition: 2, batches },
      { topic: "b.longer", partition: 1, batches: [] },
      { topic: "b.longer", partition: 0, batches: [...batches, batchOf(7, [good("z")])] },
      { topic: "a", partition: 2_147_483_647, batches },
      { topic: "ç", partition: 4, batches: [] },
      { topic: "b.longer", partition: 9, batches },
    ]);
    expect(seen(result)).toEqual({
      rows: [
        "b.longer-2-5 x",
        "b.longer-2-6 y",
        "b.longer-0-5 x",
        "b.longer-0-6 y",
        "b.longer-0-7 z",
        "a-2147483647-5 x",
        "a-2147483647-6 y",
        "b.longer-9-5 x",
        "b.longer-9-6 y",
      ],
      rowOffsets: [5, 6, 5, 6, 7, 5, 6, 5, 6],
      sectionRows: [2, 0, 3, 2, 0, 2],
      dead: [],
      deadOffsets: [],
      sectionDead: [0, 0, 0, 0, 0, 0],
    });
    expect(result.recordCount).toBe(9);
    const moved = transferListOf(result);
    for (const { sectionRows } of [result.rows, result.deadLetters]) expect(moved).toContain(sectionRows.buffer);
  });

  it("are cut to their own offsets", () => {
    const batches = [batchOf(0, [good("a"), good("b"), good("c")]), batchOf(3, [good("d"), bad])];
    const result = transcode([
      { batches, lastOffset: 1 },
      { batches, firstOffset: 2, lastOffset: 3 },
      { batches, firstOffset: 9 },
      { batches, firstOffset: 4 },
    ]);
    expect(seen(result)).toMatchObject({
      rows: ["logs.auth-3-0 a", "logs.auth-3-1 b", "logs.auth-4-2 c", "logs.auth-4-3 d"],
      sectionRows: [2, 2, 0, 0],
      dead: ["logs.auth-6-4 field_format"],
      sectionDead: [0, 0, 0, 1],
    });
  });
}

/** Rows of the reference and dead letters between those of the kernel. */
function testOwners(transcode: Transcode, format: TranscodeTask["format"]): void {
  it("keep rows of the reference and dead letters among their own", () => {
    const result = transcode([
      { batches: [batchOf(0, [good("a"), bad, wrapped("b"), good("c")]), batchOf(4, [wrapped("d"), good("e")])] },
      { batches: [batchOf(0, [wrapped("f"), wrapped("g")])] },
      { batches: [batchOf(0, [good("h"), good("i")]), batchOf(2, [bad, text("")])] },
      { batches: [batchOf(1, [wrapped("j"), good("k"), bad])] },
    ]);
    const found = seen(result);
    const rows = [
      ["logs.auth-3-0 a", "logs.auth-3-2 b", "logs.auth-3-3 c", "logs.auth-3-4 d", "logs.auth-3-5 e"],
      ["logs.auth-4-0 f", "logs.auth-4-1 g"],
      ["logs.auth-5-0 h", "logs.auth-5-1 i"],
      ["logs.auth-6-1 j", "logs.auth-6-2 k"],
    ];
    expect(found.sectionRows).toEqual(rows.map(({ length }) => length));
    // In a block the kernel's rows come first in their section.
    if (format === "rows") expect(found.rows).toEqual(rows.flat());
    let end = 0;
    for (const wanted of rows) {
      const own = { rows: found.rows.slice(end, end + wanted.length), offsets: found.rowOffsets.slice(end) };
      expect([...own.rows].sort()).toEqual(wanted);
      expect(own.rows.map((row) => Number(/-(\d+) /.exec(row)?.[1]))).toEqual(own.offsets.slice(0, wanted.length));
      end += wanted.length;
    }
    expect(found).toMatchObject({
      dead: [
        "logs.auth-3-1 field_format",
        "logs.auth-5-2 field_format",
        "logs.auth-5-3 empty_value",
        "logs.auth-6-3 field_format",
      ],
      sectionDead: [1, 0, 2, 1],
    });
  });
}

/** What goes wrong in one section is no matter of the others. */
function testFaults(transcode: Transcode): void {
  it("go on after a batch of another one that cannot be read", () => {
    const corrupt = batchOf(1, [good("x"), good("x")], { attributes: 1 });
    const torn = batchOf(3, [good("d")], { recordCount: 2, lastOffsetDelta: 1 });
    const stub = batchOf(0, [good("x")]).subarray(0, 5);
    const result = transcode([
      { batches: [batchOf(1, [good("a")])] },
      { topic: "t", partition: 0, batches: [batchOf(0, [good("b")]), corrupt, torn, batchOf(5, [good("e")])] },
      { topic: "t", partition: 1, firstOffset: 8, batches: [stub] },
      { topic: "t", partition: 2, batches: [batchOf(1, [good("f")])] },
    ]);
    expect(seen(result)).toMatchObject({
      rows: ["logs.auth-3-1 a", "t-0-0 b", "t-0-3 d", "t-0-5 e", "t-2-1 f"],
      sectionRows: [1, 3, 0, 1],
      dead: ["t-0-1 batch_corrupt", "t-0-2 batch_corrupt", "t-0-4 batch_corrupt", "t-1-8 batch_corrupt"],
      sectionDead: [0, 3, 1, 0],
    });
  });

  it("have their own refused rows", () => {
    const batches = [batchOf(0, [good("a"), good("b"), good("c")])];
    const refusal = (section: number, offset: number): RefusedRow => ({
      section,
      offset,
      errorType: "clickhouse_321",
      errorMessage: "too bad",
    });
    const refused = [refusal(2, 1), refusal(1, 0), refusal(2, 2)];
    expect(seen(transcode([{ batches }, { batches }, { batches }], { refused }))).toMatchObject({
      rows: [
        "logs.auth-3-0 a",
        "logs.auth-3-1 b",
        "logs.auth-3-2 c",
        "logs.auth-4-1 b",
        "logs.auth-4-2 c",
        "logs.auth-5-0 a",
      ],
      sectionRows: [3, 2, 1],
      dead: ["logs.auth-4-0 clickhouse_321", "logs.auth-5-1 clickhouse_321", "logs.auth-5-2 clickhouse_321"],
      sectionDead: [0, 1, 2],
    });
  });
}

/** How batches come to sections. */
function testBatches(transcode: Transcode): void {
  it("may lie in several buffers, in any order", () => {
    const batches = [0, 1, 2, 3].map((at) => batchOf(at, [good(`s${at}`)]));
    const parts = [{ batches: batches.slice(0, 1) }, { batches: batches.slice(1) }];
    const [first, second, third, fourth] = batches as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const buffers = [concat([third]).buffer, concat([second, first]).buffer, concat([fourth]).buffer];
    const at = (buffer: number, start = 0) => ({ buffer, start });
    const places = [at(1, second.length), at(1), at(0), at(2)];
    const spans = makeTaskOf(parts).batches.map((span, index) => ({ ...span, ...places[index]! }));
    const result = transcode(parts, { buffers, batches: spans });
    expect(seen(result)).toMatchObject({
      rows: ["logs.auth-3-0 s0", "logs.auth-4-1 s1", "logs.auth-4-2 s2", "logs.auth-4-3 s3"],
      sectionRows: [1, 3],
    });
  });

  it("with a topic that is longer than Kafka's longest are no others for it", () => {
    const topic = "t".repeat(300);
    const batches = [batchOf(0, [good("a"), wrapped("b")])];
    const found = seen(transcode([{ batches }, { topic, batches }, { batches }]));
    expect(found.rows.map((row) => row.replace(topic, "long"))).toEqual([
      "logs.auth-3-0 a",
      "logs.auth-3-1 b",
      "long-4-0 a",
      "long-4-1 b",
      "logs.auth-5-0 a",
      "logs.auth-5-1 b",
    ]);
    expect(found.sectionRows).toEqual([2, 2, 2]);
  });

  it("that do not have all of the task's batches are refused: a batch of none would be lost", () => {
    const batch = batchOf(0, [good("a")]);
    const parts = [{ batches: [batch] }, { batches: [batch] }];
    const [first, second] = makeTaskOf(parts).sections as [TaskSection, TaskSection];
    for (const batchCount of [0, 2]) {
      const run = () => transcode(parts, { sections: [first, { ...second, batchCount }] });
      expect(run).toThrow(`The task has 2 batches, its sections have ${1 + batchCount}`);
    }
  });
}
