import { describe, expect, it } from "vitest";
import { type Judgement, recordFindings } from "./judgement.ts";

const sound: Judgement = {
  delivery: { expected: 10, stored: { t: 10 }, missing: 0, duplicate: 0, foreign: 0, spans: [] },
  contents: { compared: 10, differing: 0, examples: [] },
  aggregates: [{ view: "v", table: "a", compared: ["k"], skipped: {}, differences: [], differing: 0 }],
  brokerFindings: [],
  acknowledged: 10,
};

describe("recordFindings()", () => {
  it("has none when all was judged and nothing is wrong", () => {
    expect(recordFindings(sound)).toEqual([]);
  });

  it.each<[string, Partial<Judgement>, RegExp]>([
    ["a lost record", { delivery: { ...sound.delivery, missing: 1 } }, /1 records are in no table/],
    ["a doubled row", { delivery: { ...sound.delivery, duplicate: 1 } }, /1 rows too many/],
    ["a row of no record", { delivery: { ...sound.delivery, foreign: 1 } }, /1 rows of records that are in no log/],
    [
      "a wrong value",
      { contents: { compared: 10, differing: 1, examples: ["t:0 offset 3"] } },
      /1 rows hold other.*offset 3/,
    ],
    ["a wrong aggregate", { aggregates: [{ ...sound.aggregates[0]!, differing: 1 }] }, /a differs from v/],
    ["a broker that lost a record", { brokerFindings: ["t:0: lost"] }, /t:0: lost/],
    ["a run without records", { delivery: { ...sound.delivery, expected: 0 } }, /nothing was judged/],
    ["a run without views", { aggregates: [] }, /no aggregate was judged/],
  ])("tells of %s", (_what, change, words) => {
    expect(recordFindings({ ...sound, ...change }).join("\n")).toMatch(words);
  });
});
