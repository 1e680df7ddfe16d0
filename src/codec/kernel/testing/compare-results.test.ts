import { describe, expect, it } from "vitest";
import { nodeInflaters } from "../../../../workers/inflaters.ts";
import { parseColumnType } from "../../../schema/column-type.ts";
import { createRowsToNative } from "../../native/rows-to-native.ts";
import { createReferenceTranscoder } from "../../reference/transcoder.ts";
import type { EncodedRows, TranscodeResult } from "../../task.ts";
import { column, makePlan } from "../../testing/plan.ts";
import { makeBatch, text } from "../../testing/record-batch.ts";
import { EVENT_MS, makeTaskOf, RECORD_MS, STARTED_MS } from "../../testing/task.ts";
import { compareResults } from "./compare-results.ts";

/** One fault planted into a copy of the reference's own result: each has to be seen. */

const plan = makePlan({
  columns: [
    column("a", parseColumnType("Int32")),
    column("b", parseColumnType("Nullable(String)")),
    column("ts", parseColumnType("DateTime64(3)")),
  ],
  eventTimeColumn: "ts",
});
const values = ['{"a":1,"b":"x"}', '{"a":2}', '{"a":"no"}', '{"a":3,"b":"y"}', "none"];
const toNative = createRowsToNative(plan.columns);

function result(format: "rows" | "native" = "rows"): TranscodeResult {
  const batch = makeBatch(
    values.map((value) => ({ value: text(value.replace("}", `,"ts":${EVENT_MS}}`)) })),
    { baseTimestampMs: RECORD_MS },
  );
  return createReferenceTranscoder(plan, nodeInflaters).run(
    makeTaskOf([{ batches: [batch] }, { batches: [] }], { format }),
    () => STARTED_MS,
  );
}

const compare = (found: TranscodeResult) => compareResults(plan, found, result(), toNative);

/** The first `count` rows. */
function cut(rows: EncodedRows, count: number): EncodedRows {
  const rowStarts = rows.rowStarts.slice(0, count + 1);
  const bytes = rows.bytes.slice(0, rowStarts[count]);
  return { ...rows, bytes, rowCount: count, rowStarts, offsets: rows.offsets.slice(0, count) };
}

function withByteChanged(rows: EncodedRows, at: number): EncodedRows {
  const bytes = rows.bytes.slice();
  bytes[at]! ^= 1;
  return { ...rows, bytes };
}

describe("compareResults()", () => {
  it("is content with the same result, in both formats", () => {
    expect(result()).toMatchObject({ rows: { rowCount: 3 }, deadLetters: { rowCount: 2 } });
    expect(compare(result())).toBe("");
    expect(compare(result("native"))).toBe("");
  });

  it.each<[string, (found: TranscodeResult) => void, RegExp]>([
    [
      "a value of a row",
      (found) => (found.rows = withByteChanged(found.rows, 0)),
      /row of offset 0 in section 0 has at byte 0/,
    ],
    ["a row lost", (found) => (found.rows = cut(found.rows, 2)), /2 rows, the reference has 3; .* other 3/],
    [
      "a row's offset",
      (found) => (found.rows.offsets[1] = 7),
      /row of offset 3 in section 0, the reference has one of 1|order/,
    ],
    ["the start of the last row", (found) => (found.rows.rowStarts[3]! -= 1), /the last start is/],
    [
      "a byte of a dead letter",
      (found) => (found.deadLetters = withByteChanged(found.deadLetters, 3)),
      /dead letter of offset 2 in section 0/,
    ],
    [
      "a dead letter lost",
      (found) => (found.deadLetters = cut(found.deadLetters, 1)),
      /1 dead letters, the reference has 2/,
    ],
    [
      "a row counted in another section",
      (found) => {
        found.rows.sectionRows[0]! -= 1;
        found.rows.sectionRows[1]! += 1;
      },
      /rows by section 2,1, by the reference 3,0/,
    ],
    [
      "a dead letter counted in another section",
      (found) => (found.deadLetters.sectionRows = Uint32Array.of(0, 2)),
      /dead letters by section 0,2, by the reference 2,0/,
    ],
    ["the records counted", (found) => (found.recordCount += 1), /6 records, not 5/],
    ["a count by type", (found) => (found.counts.deadByType = { field_type: 2 }), /deadByType/],
    ["an unwrapped record", (found) => (found.counts.unwrapped += 1), /unwrapped 1/],
    ["a latency lost", (found) => (found.latency = []), /latency .* counts undefined/],
    ["a latency doubled", (found) => found.latency.push(...result().latency), /latency .* counts 6/],
  ])("sees %s", (_what, plant, words) => {
    const found = result();
    plant(found);
    expect(compare(found)).toMatch(words);
  });

  it("sees one byte of a Native block", () => {
    const found = result("native");
    const at = found.rows.bytes.lastIndexOf(120); // the text "x"
    found.rows = withByteChanged(found.rows, at);
    expect(compare(found)).toMatch(/row of offset 0 in section 0 has/);
  });
});
