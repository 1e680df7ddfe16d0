import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { column, makePlan } from "../../codec/testing/plan.ts";
import { text } from "../../codec/testing/record-batch.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { TablePlan, TimeFormat } from "../../schema/plan.ts";
import { type EngineOracle, openEngineOracle } from "../engine-oracle.ts";
import { readAlone, readDocuments } from "./engine-verdicts.ts";
import { isIntendedRejection } from "./intended.ts";
import { judge } from "./judge.ts";
import { OwnReaders } from "./own-verdicts.ts";
import { reproduce } from "./reproduction.ts";
import { emptyHostileCounts, runHostileRound } from "./run.ts";
import { leadingTypeCount } from "./tables.ts";

const module = loadKernelModule();
let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
});
afterAll(() => oracle.close());

function planOf(types: Record<string, string>, timeFormat: TimeFormat = "auto"): TablePlan {
  const columns = Object.entries(types).map(([name, type]) => column(name, parseColumnType(type), { timeFormat }));
  return makePlan({ columns });
}

/** The small share of what `npm run hostile` runs for as long as one likes. */
describe("hostile documents", () => {
  it("are the same rows or the same rejections for kernel, reference and ClickHouse, but for what README says", () => {
    const counts = emptyHostileCounts();
    for (let round = 0; round < leadingTypeCount; round++) {
      const findings = runHostileRound({ module, oracle, seed: 20_260, round, cases: 100, counts });
      expect(findings.map((finding) => reproduce(module, oracle, finding))).toEqual([]);
    }
    // Were most of them refused by everybody, agreement would mean little.
    const { same, bothReject, intended, unjudged } = counts.outcomes;
    expect(same).toBeGreaterThan(counts.cases / 3);
    expect(bothReject).toBeGreaterThan(counts.cases / 10);
    expect(intended).toBeGreaterThan(counts.cases / 50);
    expect(unjudged).toBeLessThan(counts.cases / 100);
    for (const type of ["field_type", "field_range", "field_format", "json_parse_failed", "invalid_utf8"]) {
      expect(counts.own.deadByType[type], type).toBeGreaterThan(50);
    }
  }, 120_000);
});

describe("readDocuments()", () => {
  it("tells which of many documents the engine refuses, whatever stands between them", () => {
    const { columns } = planOf({ x: "Int32" });
    const documents = [
      '{"x":1}',
      '{"x":"abc"}',
      '{\n"x":\n2\n}',
      '{"x":\n"abc",\n"y":{\n"x":3}}',
      "{}",
      '{"x":"abc"}',
      '{"x":4}',
    ];
    const one = (value: number) => Uint8Array.of(value, 0, 0, 0);
    const verdicts = readDocuments(oracle, columns, documents);
    expect(verdicts).toEqual([one(1), "refused", one(2), "refused", one(0), "refused", one(4)]);
    for (const [index, document] of documents.entries()) {
      expect(readAlone(oracle, columns, text(document))).toEqual(verdicts[index]);
    }
  });

  it("finds the documents that end the whole query", () => {
    const { columns } = planOf({ at: "DateTime64(9, 'UTC')" });
    const documents = Array.from({ length: 40 }, (_, index) =>
      index % 13 === 7 ? '{"at":"2299-12-31 00:00:00"}' : `{"at":${index}}`,
    );
    const verdicts = readDocuments(oracle, columns, documents);
    expect(verdicts.flatMap((verdict, index) => (typeof verdict === "string" ? [index] : []))).toEqual([7, 20, 33]);
  });
});

describe("judge()", () => {
  it("takes no rejection for intended that the table does not name", () => {
    const int8 = { type: parseColumnType("Int8"), text: "128" };
    expect(isIntendedRejection(int8, "field_range")).toBe(true);
    expect(isIntendedRejection(int8, "field_format")).toBe(false);
    expect(isIntendedRejection({ ...int8, text: "127" }, "field_range")).toBe(false);
    expect(isIntendedRejection({ ...int8, text: "null" }, "field_range")).toBe(false);
    expect(isIntendedRejection({ ...int8, text: "true" }, "field_range")).toBe(false);
    expect(isIntendedRejection({ type: parseColumnType("Float64"), text: "null" }, "field_range")).toBe(false);
    const time = { type: parseColumnType("DateTime('UTC')"), text: '"2024-02-30 00:00:00"' };
    expect(isIntendedRejection(time, "field_format")).toBe(true);
    expect(isIntendedRejection({ ...time, text: '"2024-02-29 00:00:00"' }, "field_format")).toBe(false);
    expect(isIntendedRejection({ ...time, text: '"2024-02-29 00:00:00"' }, "field_range")).toBe(false);
  });

  it("calls another row a difference", () => {
    const plan = planOf({ x: "UInt8" });
    expect(judge(plan, '{"x":1}', { row: Uint8Array.of(1) }, Uint8Array.of(1))).toBe("same");
    expect(judge(plan, '{"x":1}', { row: Uint8Array.of(1) }, Uint8Array.of(2))).toBe("different");
    expect(judge(plan, '{"x":1}', { errorType: "field_range", message: "column x (UInt8): …" }, Uint8Array.of(1))).toBe(
      "different",
    );
    expect(judge(plan, '{"x":1}', { row: Uint8Array.of(1) }, "refused")).toBe("engineRefuses");
  });
});

describe("reproduce()", () => {
  it("leaves of a finding one column and the shortest document, with all three verdicts", () => {
    // Milliseconds for us, for the engine seconds.
    const plan = planOf({ note: "String", at: "DateTime64(0, 'UTC')" }, "epoch_ms");
    const value = text('{"note":"a rather long text","rest":[1,2,3],"at":1700000000000}');
    expect(new OwnReaders(module, plan).read([value])).toHaveProperty("verdicts");
    const found = reproduce(module, oracle, { plan, value, between: "engine" });
    expect(found).toMatchObject({ between: "engine", columns: ["at DateTime64(0, 'UTC')"], isBase64: false });
    expect(found.document).toMatch(/^\{"at":\d\d?\}$/);
    expect(found.kernel).toBe(found.reference);
    expect(found.engine).not.toContain(found.kernel);
  });
});
