import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ByteWriter } from "../../../core/byte-writer.ts";
import { bareType, parseColumnType } from "../../../schema/column-type.ts";
import type { PlanColumn } from "../../../schema/plan.ts";
import {
  type EngineOracle,
  type EngineValue,
  openEngineOracle,
  readJsonEachRow,
  readRowBinary,
} from "../../../testing/engine-oracle.ts";
import { isIntendedRejection } from "../../../testing/hostile/intended.ts";
import { leavesOf } from "../../../testing/hostile/leaves.ts";
import { FieldError, type ValueContext } from "../column.ts";
import { findSourceText } from "../source-text.ts";
import { compileColumn } from "./compile.ts";
import { isFloatText } from "./number-text.ts";
import { intendedDifferences } from "./testing/intended-differences.ts";
import { generatedValues, tableValues } from "./testing/oracle-values.ts";
import { isNullableType, writeTypeDefault } from "./type-default.ts";

let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
});
afterAll(() => oracle.close());

describe("column writers, judged by ClickHouse's JSONEachRow", () => {
  it.each(Object.entries(tableValues))("%s: the listed values give the engine's bytes", (type, values) => {
    const { unequal, refused } = compare(type, values);
    expect(unequal).toEqual([]);
    const family = familyOf(type);
    const listed = new Set(intendedDifferences.filter((row) => familyOf(row.type) === family).map((row) => row.input));
    expect(refused.filter(({ input }) => !listed.has(input))).toEqual([]);
  });

  it.each(Object.entries(generatedValues))("%s: generated values give the engine's bytes", (type, arbitrary) => {
    const { unequal, refused, accepted } = compare(type, fc.sample(arbitrary, { numRuns: 400, seed: 20_260 }));
    expect(unequal).toEqual([]);
    // Two thirds of what is drawn for an Int8 does not fit: each refusal needs the reason that it names.
    expect(refused.filter((value) => !isJustified(type, value))).toEqual([]);
    expect(accepted).toBeGreaterThan(40);
  });

  it("does not take a refusal for justified that no reason covers (days: two short of the end)", () => {
    expect(isJustified("Int8", { input: "128", millrace: "field_range" })).toBe(true);
    expect(isJustified("Int8", { input: "127", millrace: "field_range" })).toBe(false);
    expect(isJustified("Date", { input: '"2149-06-07"', millrace: "field_range" })).toBe(true);
    expect(isJustified("Date", { input: '"2149-06-01"', millrace: "field_range" })).toBe(false);
    expect(isJustified("Array(Nullable(Int64))", { input: '[1,null,"2"]', millrace: "field_range" })).toBe(false);
  });

  it.each(intendedDifferences)("differs on purpose: $type from $input", ({ type, input, clickhouse, millrace }) => {
    const [engine] = readJsonEachRow(oracle, type, [input]);
    const own = writeOwn(type, input);
    expect(engine?.text).toBe(clickhouse);
    if (own.bytes === undefined) return expect(own.errorType).toBe(millrace);
    const [read] = readRowBinary(oracle, type, framed([[0, own.bytes]]), 1);
    expect(read?.text).toBe(millrace);
  });
});

it("of a key that occurs twice JSONEachRow takes the first for a column and keeps both in a Map, as docs/differences.md says", () => {
  const path = oracle.file("twice.ndjson", '{"x":1,"m":{"k":1,"k":2},"x":2}');
  const lines = oracle.lines(
    `SELECT x, toString(m) FROM file('${path}', JSONEachRow, 'x Int32, m Map(String, Int32)')`,
  );
  expect(lines).toEqual(["1\t{\\'k\\':1,\\'k\\':2}"]);
});

/** Types that share a writer: what differs for DateTime64(3) differs for DateTime. */
function familyOf(type: string): string {
  const { kind } = bareType(parseColumnType(type));
  return kind === "dateTime64" ? "dateTime" : kind === "date32" ? "date" : kind;
}

/** Whether a value that the engine takes is refused as the table in docs/differences.md says, judged without our own writers. */
function isJustified(type: string, { input, millrace }: { input: string; millrace: string }): boolean {
  const leaves = leavesOf(columnOf(type), `{"x":${input}}`);
  return leaves.some((leaf) => isIntendedRejection(leaf, millrace));
}

interface Comparison {
  /** Both took the value and stored different bytes. */
  unequal: { input: string; clickhouse: string; millrace: string }[];
  /** The engine took the value, we did not. */
  refused: { input: string; clickhouse: string; millrace: string }[];
  accepted: number;
}

function compare(type: string, inputs: string[]): Comparison {
  const engine = readJsonEachRow(oracle, type, inputs);
  const own = inputs.map((input) => writeOwn(type, input));
  const taken = own.flatMap(({ bytes }, index): [number, Uint8Array][] =>
    bytes === undefined ? [] : [[index, bytes]],
  );
  const readBack = readRowBinary(oracle, type, framed(taken), inputs.length);
  const result: Comparison = { unequal: [], refused: [], accepted: 0 };
  const both: number[] = [];
  for (const [index, input] of inputs.entries()) {
    const expected = engine[index];
    const bytes = own[index]!.bytes;
    // The server must find in our bytes exactly the values that we put there.
    if (bytes !== undefined) expect(readBack[index]?.bytes, `read back ${input}`).toBe(hex(bytes));
    if (expected === undefined) continue;
    if (bytes === undefined) {
      result.refused.push({ input, clickhouse: expected.text, millrace: own[index]!.errorType });
    } else if (hex(bytes) !== expected.bytes || readBack[index]?.text !== expected.text) {
      result.unequal.push({ input, clickhouse: show(expected), millrace: show(readBack[index]) });
    } else {
      result.accepted++;
      both.push(index);
    }
  }
  expect(result.accepted + result.unequal.length, "values that both take").toBeGreaterThan(0);
  return result;
}

function show(value: EngineValue | undefined): string {
  return value === undefined ? "nothing" : `${value.text} (${value.bytes})`;
}

function columnOf(type: string): PlanColumn {
  return {
    name: "x",
    type: parseColumnType(type),
    source: { kind: "document", names: ["x"] },
    timeFormat: "auto",
    missing: { kind: "typeDefault" },
    coercion: "strict",
  };
}

function writeOwn(type: string, input: string): { bytes?: Uint8Array; errorType: string } {
  const column = columnOf(type);
  const parsed = column.type;
  const json = `{"x":${input}}`;
  let document: { x: unknown };
  try {
    document = JSON.parse(json) as { x: unknown };
  } catch {
    return { errorType: "not_json" };
  }
  const context: ValueContext = {
    sourceText: () => findSourceText(json, ["x"]),
    mayHideFraction: () => true,
    isFloat: () => isFloatText(findSourceText(json, ["x"])!),
    coerced: () => undefined,
  };
  const out = new ByteWriter(16);
  try {
    if (document.x === null && !isNullableType(parsed)) writeTypeDefault(out, parsed);
    else compileColumn(column)(out, document.x, context);
  } catch (error) {
    if (error instanceof FieldError) return { errorType: error.errorType };
    throw error;
  }
  return { bytes: out.bytes.slice(0, out.offset), errorType: "" };
}

function framed(rows: [number, Uint8Array][]): Uint8Array {
  const out = new ByteWriter(1_024);
  for (const [index, bytes] of rows) {
    out.reserve(4 + bytes.length);
    out.view.setUint32(out.offset, index, true);
    out.bytes.set(bytes, out.offset + 4);
    out.offset += 4 + bytes.length;
  }
  return out.bytes.slice(0, out.offset);
}

function hex(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
