import { describe, expect, it } from "vitest";
import { documentColumn, plan, recordColumn } from "../operate/doctor/testing/fixtures.ts";
import { planNotes } from "./plan-notes.ts";

const kinds = (...columns: Parameters<typeof documentColumn>[]) =>
  planNotes(plan({ columns: columns.map((column) => documentColumn(...column)) })).map(({ kind }) => kind);

describe("planNotes()", () => {
  it("says that record headers are not read", () => {
    expect(kinds(["kafka_headers", "Map(String, String)"])).toEqual(["headers"]);
    const fromKey = recordColumn("kafka_headers", "key", "String");
    expect(planNotes(plan({ columns: [fromKey] }))).toEqual([]);
  });

  it("says which Array columns are one Nested column", () => {
    const [note] = planNotes(
      plan({ columns: [documentColumn("tags.key", "Array(String)"), documentColumn("tags.value", "Array(Int32)")] }),
    );
    expect(note).toMatchObject({
      kind: "nested",
      found: expect.stringContaining("tags.key, tags.value are one Nested"),
    });
    expect(note!.remedy).toContain(
      "ALTER TABLE d.target ADD COLUMN tags_key Array(String), ADD COLUMN tags_value Array(Int32);",
    );
    expect(note!.remedy).toContain("#   tags_key: { from: [tags.key] }");
  });

  it("has nothing to say of one array alone, or of columns that are none", () => {
    expect(kinds(["tags.key", "Array(String)"], ["tags.count", "Int32"], ["other.key", "Array(String)"])).toEqual([]);
  });
});
