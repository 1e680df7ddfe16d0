import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../../workers/inflaters.ts";
import { createReferenceTranscoder } from "../../reference/transcoder.ts";
import type { TranscodeResult, Transcoder } from "../../task.ts";
import { makePlan } from "../../testing/plan.ts";
import { makeBatch, text } from "../../testing/record-batch.ts";
import { makeTaskOf, STARTED_MS } from "../../testing/task.ts";
import { compareSections } from "./compare-sections.ts";

/** A transcoder that goes wrong where a task has several sections: each fault has to be seen. */

const reference = createReferenceTranscoder(makePlan(), nodeInflaters);
const values = ['{"service":"a","status_code":1}', '{"service":"b","status_code":2}', "none"];
const batches = [makeBatch(values.map((value) => ({ value: text(value) })))];
const refused = [{ section: 2, offset: 0, errorType: "clickhouse_1", errorMessage: "refused" }];
const task = makeTaskOf([{ batches }, { batches: [] }, { batches }], { refused });

const compare = (transcoder: Transcoder) => compareSections(transcoder, task, () => STARTED_MS);

function faulty(plant: (whole: TranscodeResult) => void): Transcoder {
  return {
    run(each, nowMs) {
      const result = reference.run(each, nowMs);
      if (each.sections.length > 1) plant(result);
      return result;
    },
  };
}

describe("compareSections()", () => {
  it("is content with what is the same", () => {
    expect(compare(reference)).toBe("");
  });

  it.each<[string, (whole: TranscodeResult) => void, RegExp]>([
    ["a record too many", (whole) => (whole.recordCount += 1), /^7 records, its sections alone have 6/],
    ["a byte", ({ rows }) => (rows.bytes[3]! ^= 1), /^rows: other bytes/],
    ["an offset", ({ rows }) => (rows.offsets[1] = 9), /^rows: other offsets/],
    ["the rows of a section", ({ rows }) => rows.sectionRows.reverse(), /^rows: other sectionRows/],
    ["where a row begins", ({ rows }) => (rows.rowStarts[1]! += 1), /^rows: other lengths/],
    ["a byte of a dead letter", ({ deadLetters }) => (deadLetters.bytes[3]! ^= 1), /^deadLetters: other bytes/],
  ])("sees %s", (_what, plant, words) => {
    expect(compare(faulty(plant))).toMatch(words);
  });
});
