import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import { type EngineOracle, openEngineOracle } from "../../testing/engine-oracle.ts";
import { selectOf } from "../../testing/hostile/golden-bytes.ts";
import { rowHashSql } from "../../testing/row-hash.ts";
import type { EncodedRows } from "../task.ts";
import { column } from "../testing/plan.ts";
import { createRowsToNative } from "./rows-to-native.ts";

/**
 * The engine writes the same values once as RowBinary and once as Native; of the first we make the second. So every byte
 * is the engine's own, and neither our column writers nor our readers take part.
 */
let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
});
afterAll(() => oracle.close());

/** SQL expressions that make the values of `type`, one row each. The text types come with empty and 1 MiB values. */
const longText = "repeat('ä', 524288)";
const texts = ["''", "'a'", "'b'", "'a'", "'\\0'", longText, "''", "unhex('ff00fe')"];
const times = [
  "'1900-01-01 00:00:00'",
  "'1969-12-31 23:59:59.999'",
  "'2299-12-31 23:59:59'",
  "'2024-02-29 12:00:00.123'",
];
const fixtures: [type: string, values: string[]][] = [
  ["Int8", ["-128", "0", "127"]],
  ["UInt8", ["0", "255"]],
  ["Int16", ["-32768", "32767"]],
  ["UInt16", ["0", "65535"]],
  ["Int32", ["-2147483648", "2147483647"]],
  ["UInt32", ["0", "4294967295"]],
  ["Int64", ["toInt64('-9223372036854775808')", "9223372036854775807", "-1"]],
  ["UInt64", ["18446744073709551615", "0"]],
  ["Float32", ["nan", "inf", "-inf", "-0.0", "1.5", "3.4028235e38"]],
  ["Float64", ["nan", "inf", "-inf", "-0.0", "5e-324", "1.7976931348623157e308"]],
  ["Decimal(9, 2)", ["-9999999.99", "9999999.99", "0"]],
  ["Decimal(18, 6)", ["toDecimal64('-999999999999.999999', 6)", "toDecimal64('999999999999.999999', 6)"]],
  ["Bool", ["true", "false"]],
  ["String", texts],
  ["FixedString(3)", ["'abc'", "''", "unhex('00ff00')"]],
  ["UUID", ["'61f0c404-5cb3-11e7-907b-a6006ad3dba0'", "'00000000-0000-0000-0000-000000000000'"]],
  ["Date", ["'1970-01-01'", "'2149-06-06'"]],
  ["Date32", ["'1900-01-01'", "'2299-12-31'"]],
  ["DateTime", ["'1970-01-01 00:00:00'", "'2106-02-07 06:28:15'"]],
  ["DateTime64(6, 'Asia/Kolkata')", ["'1969-12-31 23:59:59.999999'", "'2038-01-19 03:14:08'"]],
  ["DateTime64(0)", times],
  ["DateTime64(3)", times],
  ["DateTime64(9, 'UTC')", ["'1969-12-31 23:59:59.999999999'", "'2262-04-11 23:47:16'"]],
  ["Enum8('low' = -128, 'it\\'s' = 0, 'high' = 127)", ["'low'", "'it\\'s'", "'high'"]],
  ["Enum16('low' = -32768, 'high' = 32767)", ["'low'", "'high'"]],
  ["IPv4", ["'0.0.0.0'", "'255.255.255.255'"]],
  ["IPv6", ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:1.2.3.4'"]],
  ["Nullable(Int32)", ["NULL", "-5", "0", "NULL"]],
  ["Nullable(String)", ["NULL", ...texts]],
  ["Nullable(FixedString(2))", ["NULL", "'ab'"]],
  ["Nullable(DateTime64(3))", ["NULL", ...times]],
  ["Nullable(Float64)", ["nan", "NULL"]],
  ["Nullable(UUID)", ["NULL", "'61f0c404-5cb3-11e7-907b-a6006ad3dba0'"]],
  ["LowCardinality(String)", texts],
  ["LowCardinality(Nullable(String))", [...texts, "NULL", "'b'", "NULL"]],
  ["LowCardinality(FixedString(2))", ["'ab'", "''", "'ab'"]],
  ["LowCardinality(Date)", ["'1970-01-01'", "'2149-06-06'"]],
  ["LowCardinality(Nullable(UInt64))", ["NULL", "0", "18446744073709551615"]],
  ["Array(Int32)", ["[]", "[1, -2]", "[]", "[3]"]],
  ["Array(String)", ["[]", "['', 'x']", `[${longText}]`]],
  ["Array(Nullable(Float64))", ["[NULL, nan]", "[]"]],
  ["Array(LowCardinality(String))", ["['x', '']", "[]", "['x', 'y']"]],
  ["Array(LowCardinality(Nullable(String)))", ["[]", "[NULL, 'x', '']", "['x']"]],
  ["Array(Array(LowCardinality(Nullable(String))))", ["[]", "[[]]", "[['a', NULL], [], ['']]"]],
  ["Map(String, Int64)", ["map()", "map('a', 1, 'b', -1)", "map('', 0)"]],
  ["Map(String, Nullable(String))", ["map('a', NULL)", "map()", "map('a', 'b')"]],
  ["Map(LowCardinality(String), LowCardinality(String))", ["map('k', 'v')", "map()", "map('l', 'v', 'k', '')"]],
  ["Map(String, Array(LowCardinality(String)))", ["map('k', ['v', 'w'])", "map()", "map('k', [])"]],
  ["Array(Map(String, LowCardinality(Nullable(String))))", ["[map('k', NULL)]", "[]", "[map(), map('k', 'v')]"]],
];

const allowSuspicious = "SETTINGS allow_suspicious_low_cardinality_types = 1";
const settings = `${allowSuspicious}, max_threads = 1, max_block_size = 1000000`;

/** The engine's RowBinary rows of columns `c0`, `c1`, … and our block of them. */
function convert(types: string[], rowCount: number, select: string): { rows: Uint8Array; own: EncodedRows } {
  const rows = oracle.bytes(`${select} ${settings}`, "RowBinary");
  const columns = types.map((type, index) => column(`c${index}`, parseColumnType(type)));
  const rowStarts = new Uint32Array(rowCount + 1);
  const offsets = new Float64Array(rowCount);
  const sectionRows = Uint32Array.of(rowCount);
  const own = createRowsToNative(columns)({
    format: "RowBinary",
    bytes: rows,
    rowCount,
    rowStarts,
    offsets,
    sectionRows,
  });
  return { rows, own };
}

/** How many rows the engine finds in these bytes, and a hash over them in their order. */
function readBack(bytes: Uint8Array, format: string, types: string[]): string[] {
  const structure = types.map((type, index) => `c${index} ${type}`).join(", ");
  const path = oracle.file("read-back.bin", bytes);
  const names = types.map((_, index) => `c${index}`).join(", ");
  return oracle.lines(
    `SELECT count(), sipHash64(groupArray(sipHash64(formatRow('RowBinary', ${names}))))
     FROM file('${path}', ${format}, ${quoteText(structure)}) ${settings}, input_format_parallel_parsing = 0`,
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("createRowsToNative()", () => {
  it.each(fixtures)("%s: the block is the engine's own", (type, values) => {
    const select = selectOf(type, values);
    const { own, rows } = convert([type], values.length, select);
    expect(own).toMatchObject({ format: "Native", rowCount: values.length });
    expect(own.rowStarts.length).toBe(0);
    expect(readBack(own.bytes, "Native", [type])).toEqual(readBack(rows, "RowBinary", [type]));
    const engine = oracle.bytes(`${select} ${settings}`, "Native");
    expect(hex(own.bytes)).toBe(hex(engine));
  });

  // An index takes 8, 16 or 32 bits. The default leads the keys, and of a Nullable the key that means NULL before it.
  // The engine itself takes the wider index one key before it must, so the rows are compared, not the bytes.
  it.each([
    ["LowCardinality(String)", 255],
    ["LowCardinality(String)", 256],
    ["LowCardinality(Nullable(String))", 254],
    ["LowCardinality(Nullable(String))", 255],
    ["LowCardinality(String)", 65_535],
    ["LowCardinality(String)", 65_536],
    ["Array(LowCardinality(Nullable(String)))", 70_000],
  ])("%s with %i distinct values", (type, count) => {
    const value = type.startsWith("Array") ? "[toString(number), NULL]" : "toString(number)";
    const select = `SELECT CAST(${value}, '${type}') AS c0 FROM numbers(${count})`;
    const { own, rows } = convert([type], count, select);
    expect(readBack(own.bytes, "Native", [type])).toEqual(readBack(rows, "RowBinary", [type]));
  });

  it("a table of all types, filled once by rows and once in Native, holds the same rows", () => {
    const types = [...fixtures.map(([type]) => type), "DateTime('Asia/Kolkata')"];
    const structure = types.map((type, index) => `c${index} ${type}`).join(", ");
    const rowCount = 2_000;
    const select = `SELECT * FROM generateRandom(${quoteText(structure)}, 20260, 12, 4) LIMIT ${rowCount}`;
    const { own, rows } = convert(types, rowCount, select);
    const hashes = [
      ["by_rows", "RowBinary", rows],
      ["by_columns", "Native", own.bytes],
    ].map(([table, format, bytes]) => {
      const path = oracle.file(`${table}`, bytes as Uint8Array);
      oracle.run(`CREATE TABLE ${table} (${structure}) ENGINE = MergeTree ORDER BY tuple() ${allowSuspicious}`);
      oracle.run(`INSERT INTO ${table} FROM INFILE '${path}' COMPRESSION 'none' FORMAT ${format}`);
      return oracle.lines(`SELECT count(), ${rowHashSql("*")} FROM ${table}`);
    });
    expect(hashes[0]![0]).toMatch(/^2000\t\d+$/);
    expect(hashes[1]).toEqual(hashes[0]);
  });

  it("remembers nothing of the block before, and makes no block of no rows", () => {
    const types = ["String", "Nullable(Int32)", "LowCardinality(String)", "Array(LowCardinality(Nullable(String)))"];
    const toNative = createRowsToNative(types.map((type, index) => column(`c${index}`, parseColumnType(type))));
    const encoded = (from: number, rowCount: number): EncodedRows => ({
      format: "RowBinary",
      bytes: oracle.bytes(
        `SELECT toString(number), number % 2 ? NULL : toInt32(number), toString(number), [toString(number), NULL]
         FROM numbers(${from}, ${rowCount})`,
        "RowBinary",
      ),
      rowCount,
      rowStarts: new Uint32Array(rowCount + 1),
      offsets: new Float64Array(rowCount),
      sectionRows: Uint32Array.of(rowCount),
    });
    const first = toNative(encoded(0, 300));
    toNative(encoded(1_000, 400));
    expect(toNative(encoded(0, 0))).toMatchObject({ format: "Native", rowCount: 0, bytes: new Uint8Array(0) });
    expect(hex(toNative(encoded(0, 300)).bytes)).toBe(hex(first.bytes));
  });

  it("refuses a nesting that ClickHouse has not", () => {
    const inner = parseColumnType("Array(String)");
    const nullable = { kind: "nullable", text: "Nullable(Array(String))", inner } as const;
    expect(() => createRowsToNative([column("c0", nullable)])).toThrow(
      "Cannot write Nullable(Array(String)) in Native: Array(String) cannot stand inside it",
    );
  });
});
