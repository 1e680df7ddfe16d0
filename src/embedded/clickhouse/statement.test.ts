import { describe, expect, it } from "vitest";
import { readInsertFromFile } from "./insert-rewrite.ts";
import { readStatement } from "./statement.ts";

function dataOf(text: string): string | undefined {
  const data = readStatement(text).insert?.data;
  return data && `${data.format}|${text.slice(data.dataStart)}`;
}

describe("readStatement()", () => {
  it.each([
    ["INSERT INTO t FORMAT RowBinary\n\x00\x01", "RowBinary|\x00\x01"],
    ["insert into t format RowBinary \r\n\n\x00", "RowBinary|\n\x00"],
    ['INSERT INTO t FORMAT JSONEachRow {"a":1}', 'JSONEachRow|{"a":1}'],
    ["INSERT INTO t VALUES (1, ';')", "Values| (1, ';')"],
    ["INSERT INTO t (`format`, values) SETTINGS async_insert=0 FORMAT CSV\n1,2", "CSV|1,2"],
    ["INSERT INTO format FORMAT CSV\n1", "CSV|1"],
    ["/* FORMAT x */ INSERT INTO db.`t FORMAT y` -- FORMAT z\n (a) FORMAT TSV\n1", "TSV|1"],
    ["INSERT INTO t SELECT * FROM input('a UInt8, b String') WHERE a > 1 FORMAT RowBinary\n\x07", "RowBinary|\x07"],
    ["INSERT INTO t SELECT a FROM input('a UInt8') WHERE (SELECT max(l) FROM f) < 3 FORMAT TSV\n1", "TSV|1"],
    ["INSERT INTO FUNCTION file('x.csv', 'CSV', 'a UInt8') FORMAT TSV\n1", "TSV|1"],
  ])("finds where the data of %j begin", (text, expected) => {
    expect(dataOf(text)).toBe(expected);
  });

  it.each([
    "INSERT INTO t SELECT format FROM s",
    "INSERT INTO t SELECT * FROM s FORMAT Null",
    "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
    "SELECT * FROM t FORMAT JSON",
    "",
  ])("finds no data in %j", (text) => {
    expect(dataOf(text)).toBeUndefined();
  });

  it.each([
    ["SELECT format FROM t", undefined],
    ["SELECT 'FORMAT x' FROM t FORMAT JSONEachRow;", "JSONEachRow"],
    ["SELECT 1 FORMAT CSV SETTINGS max_threads=1", "CSV"],
    ["SELECT (SELECT 1) FORMAT Native -- end", "Native"],
  ])("reads the output format of %j", (text, expected) => {
    expect(readStatement(text).outputFormat).toBe(expected);
  });

  it("tells several statements from one with semicolons in strings, comments and at its end", () => {
    expect(readStatement("SELECT ';' /* ; */; -- ;\n").isMultiple).toBe(false);
    expect(readStatement("SELECT 1; SELECT 2").isMultiple).toBe(true);
  });

  it("lists tables and leaves table functions out", () => {
    const statement = readStatement("SELECT {a:UInt8}, { b : String }, x::UInt8 FROM d.t JOIN `u` ON 1, numbers(3)");
    expect(statement.tables).toEqual(["d.t", "u"]);
    expect(readStatement("SELECT * FROM numbers(10)").tables).toEqual([]);
    expect(readStatement("CREATE TABLE IF NOT EXISTS q (a UInt8) ENGINE = Memory").kind).toBe("CREATE");
  });
});

describe("readInsertFromFile()", () => {
  it("keeps the column list in front of the file and the settings after it", () => {
    const text = "INSERT INTO t (a, b) SETTINGS x=1 FORMAT RowBinary\n";
    expect(readInsertFromFile(text, readStatement(text), "/f")).toBe(
      "INSERT INTO t (a, b)  FROM INFILE '/f' COMPRESSION 'none' SETTINGS x=1  FORMAT RowBinary",
    );
  });

  it("puts a file in the place of input() and drops the FORMAT clause", () => {
    const text = "INSERT INTO t SETTINGS x=1 SELECT a FROM input('a UInt8') WHERE a > 1 FORMAT RowBinary\n";
    expect(readInsertFromFile(text, readStatement(text), "/f")).toBe(
      "INSERT INTO t SETTINGS x=1 SELECT a FROM file('/f', 'RowBinary', 'a UInt8', 'none') WHERE a > 1 ",
    );
  });
});
