import { describe, expect, it } from "vitest";
import type { RunReport } from "../run/report.ts";
import { fieldLines } from "./report-text.ts";

const counts = (unknownFields: number) => ({ unknownFields }) as RunReport["counts"];
const figures = { table: "d.t", documents: 5, unmatchedColumns: [], unknownFields: {} };

describe("fieldLines()", () => {
  it("shows people what nothing reads, and which columns stayed empty", () => {
    const fields = [
      { ...figures, unmatchedColumns: ["duration_ms"], unknownFields: { DurationMs: 5, extra: 1 } },
      { ...figures, table: "d.u" },
    ];
    expect(fieldLines({ fields, counts: counts(6) })).toEqual([
      "unknown fields: 6 values that no column reads",
      "  d.t does not read: DurationMs, extra (of 5 documents looked at)",
      "  d.t: in none of 5 documents was a field for duration_ms",
    ]);
  });

  it("has nothing to say when every field is read", () => {
    expect(fieldLines({ fields: [figures], counts: counts(0) })).toEqual([]);
    const wide = { ...figures, unmatchedColumns: ["created_ts"] };
    expect(fieldLines({ fields: [wide], counts: counts(0) })).toEqual([]);
  });

  it("cuts long lists", () => {
    const unknownFields = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 1]));
    expect(fieldLines({ fields: [{ ...figures, unknownFields }], counts: counts(20) })[1]).toContain("and 12 more");
  });
});
