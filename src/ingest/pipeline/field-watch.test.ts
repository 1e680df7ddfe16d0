import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { FieldSample } from "../../codec/task.ts";
import { column, makePlan, types } from "../../codec/testing/plan.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { FieldWatch } from "./field-watch.ts";

const log = pino({ level: "silent" });
const raw = column("all", types.String, { source: { kind: "record", field: "raw" } });

function watchOf(columns: PlanColumn[], isProven = false): FieldWatch {
  return new FieldWatch(makePlan({ columns }), log, async () => isProven);
}

function sampleOf(columns: PlanColumn[], documents: number, matched: number[] = []): FieldSample {
  return {
    documents,
    matched: Uint32Array.from(columns, (_, place) => matched[place] ?? 0),
    unknownFields: new Map([["z", documents]]),
  };
}

describe("FieldWatch", () => {
  const wanted = [column("a", types.Int32), column("b", types.String)];

  it("stops a pipeline of which no column has ever found its field", async () => {
    await expect(watchOf(wanted).check("t:0", sampleOf(wanted, 3), 3)).rejects.toThrow(/Nothing matches: no column of/);
  });

  it.each<[string, PlanColumn[], number, number]>([
    ["all rows are dead letters", wanted, 3, 0],
    ["no document has a field at all", wanted, 0, 3],
    ["a column keeps the whole record", [...wanted, raw], 3, 3],
    ["only the record is stored", [raw], 3, 3],
    ["each column has a default of its own", [{ ...wanted[0]!, missing: { kind: "value", value: 1 } }], 3, 3],
  ])("does not when %s", async (_what, columns, documents, rows) => {
    await watchOf(columns).check("t:0", sampleOf(columns, documents), rows);
  });

  it("goes on when one column has found its field, in whatever range", async () => {
    const watch = watchOf(wanted);
    await watch.check("t:0", sampleOf(wanted, 3, [0, 1]), 3);
    await watch.check("t:0", sampleOf(wanted, 500), 500);
    expect(watch.figures).toMatchObject({ documents: 503, unmatchedColumns: ["a"], unknownFields: { z: 503 } });
  });

  it("gives a pipeline that has rows already a hundred documents", async () => {
    const watch = watchOf(wanted, true);
    await watch.check("t:0", sampleOf(wanted, 99), 99);
    await expect(watch.check("t:0", sampleOf(wanted, 1), 1)).rejects.toThrow(/any of 100 documents/);
  });
});
