import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { createFieldSampler } from "./field-sample.ts";
import type { FieldSample, TranscodeTask } from "./task.ts";
import { column, makePlan, types } from "./testing/plan.ts";
import { makeBatch, text } from "./testing/record-batch.ts";
import { makeTask, makeTaskOf } from "./testing/task.ts";

const plan = makePlan({
  columns: [
    column("id", types.Int32),
    column("host.name", types.String, { source: { kind: "document", names: ["host.name", "hostname"] } }),
    column("kafka_offset", types.Int64, { source: { kind: "record", field: "offset" } }),
    column("result", types.String),
  ],
  rules: [
    { rule: "default", field: "state", from: ["state_code"] },
    { rule: "resultFromStatus", field: "result", status: "state" },
  ],
});

function taskOf(values: (string | null)[], more: Parameters<typeof makeTask>[1] = {}, baseOffset = 0): TranscodeTask {
  const records = values.map((value) => ({ value: value === null ? null : text(value) }));
  return makeTask([makeBatch(records, { baseOffset })], more);
}

const shown = (sample: FieldSample | undefined) =>
  sample && { ...sample, matched: [...sample.matched], unknownFields: Object.fromEntries(sample.unknownFields) };

describe("createFieldSampler()", () => {
  it("counts in how many documents each column finds its field, by any name, path or rule", () => {
    const sample = createFieldSampler(plan, nodeInflaters);
    const values = ['{"id":1,"host":{"name":"a"}}', '{"id":null,"hostname":"b"}', '{"state_code":404}', '{"other":1}'];
    expect(shown(sample(taskOf(values)))).toEqual({ documents: 4, matched: [2, 2, 0, 1], unknownFields: { other: 1 } });
  });

  it("names the fields that nobody reads, members of objects by their path", () => {
    const sample = createFieldSampler(plan, nodeInflaters);
    const values = ['{"id":1,"data":{"user":1,"item":2},"x":1}', '{"data":{"user":1},"x":{}}'];
    expect(shown(sample(taskOf(values)))?.unknownFields).toEqual({ "data.user": 2, "data.item": 1, x: 2 });
  });

  it("leaves aside what is no document, and documents without a field", () => {
    const sample = createFieldSampler(plan, nodeInflaters);
    expect(shown(sample(taskOf(["none", "", null, "[1]", "{}"])))).toMatchObject({ documents: 0 });
  });

  it("looks at the task's range only, and not at the second pass over it", () => {
    const sample = createFieldSampler(plan, nodeInflaters);
    const values = ['{"a":1}', '{"b":1}', '{"c":1}'];
    expect(shown(sample(taskOf(values, { firstOffset: 1, lastOffset: 1 })))?.unknownFields).toEqual({ b: 1 });
    const refused = [{ section: 0, offset: 0, errorType: "x", errorMessage: "" }];
    expect(sample(taskOf(values, { refused }))).toBeUndefined();
  });

  it("looks at the range of each section, where several have the same offsets", () => {
    const batch = (field: string) => makeBatch([0, 1, 2].map((at) => ({ value: text(`{"${field}${at}":1}`) })));
    const task = makeTaskOf([
      { batches: [batch("a")], firstOffset: 2 },
      { batches: [] },
      { batches: [batch("b"), batch("c")], lastOffset: 0 },
    ]);
    expect(shown(createFieldSampler(plan, nodeInflaters)(task))).toMatchObject({
      documents: 3,
      unknownFields: { a2: 1, b0: 1, c0: 1 },
    });
  });

  it("looks at some documents of a topic that matches, and at every one as long as nothing does", () => {
    const many = (field: string) => taskOf(Array.from({ length: 1_500 }, () => `{"${field}":1}`));
    const sample = createFieldSampler(plan, nodeInflaters);
    expect(sample(many("none"))?.documents).toBe(1_500);
    // It was let go, and is read again.
    expect(shown(sample(many("none")))).toMatchObject({ documents: 32, matched: [0, 0, 0, 0] });
    const fresh = createFieldSampler(plan, nodeInflaters);
    const matching = many("id");
    expect(fresh(matching)?.documents).toBe(1_000);
    const later = Array.from({ length: 128 }, () => fresh(matching)?.documents ?? 0);
    expect(later.filter((documents) => documents > 0)).toEqual([32, 32]);
  });

  it("holds no more names than a person would read", () => {
    const sample = createFieldSampler(plan, nodeInflaters);
    const values = Array.from({ length: 500 }, (_, index) => `{"k${index}":1,"${"l".repeat(101)}":1}`);
    expect(sample(taskOf(values))?.unknownFields.size).toBe(200);
  });

  it("does not look where no column reads the document", () => {
    const record = column("all", types.String, { source: { kind: "record", field: "raw" } });
    expect(createFieldSampler(makePlan({ columns: [record] }), nodeInflaters)(taskOf(['{"a":1}']))).toBeUndefined();
  });
});
