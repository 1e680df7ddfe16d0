import { describe, expect, it } from "vitest";
import { digestByTopic, digestOf, sampleRecords } from "./sample-records.ts";

describe("digestOf()", () => {
  it("is the same in any order", () => {
    expect(digestOf(["b", "a", "c"])).toEqual(digestOf(["c", "b", "a"]));
  });

  it("tells a record that came twice from another that is missing", () => {
    expect(digestOf(["a", "a", "b"])).not.toEqual(digestOf(["a", "b", "b"]));
    expect(digestOf(["a", "b"]).count).toBe(2);
  });
});

describe("sampleRecords()", () => {
  it("makes distinct lines of one key and one value, long ones included", () => {
    const lines = sampleRecords("t", 1_000);
    expect(new Set(lines).size).toBe(1_000);
    expect(lines.every((line) => line.split("\t").length === 2 && !line.includes("\n"))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(200_000);
  });

  it("can be told apart by topic after a mixed read", () => {
    const a = sampleRecords("a", 50);
    const b = sampleRecords("b", 70);
    expect(digestByTopic([...b, ...a, ""])).toEqual({ a: digestOf(a), b: digestOf(b) });
  });

  it("shows a line that is no sample record", () => {
    expect(Object.keys(digestByTopic(["garbage"]))).toEqual(["not a sample record: garbage"]);
  });
});
