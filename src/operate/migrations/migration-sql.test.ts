import { expect, it } from "vitest";
import { splitStatements, UnterminatedSqlError } from "./migration-sql.ts";

function split(text: string): string[] {
  return splitStatements(text).map((statement) =>
    statement
      .map((segment) => segment.text)
      .join("")
      .trim(),
  );
}

it("splitStatements() cuts at semicolons of the code only", () => {
  expect(split("SELECT 1; SELECT ';' , \"a;b\", `c;d` ; SELECT 3")).toEqual([
    "SELECT 1",
    "SELECT ';' , \"a;b\", `c;d`",
    "SELECT 3",
  ]);
  expect(split("SELECT $x$;'$x$; SELECT $$ ; -- $$")).toEqual(["SELECT $x$;'$x$", "SELECT $$ ; -- $$"]);
});

it("splitStatements() reads quotes that are escaped by a backslash or doubled", () => {
  expect(split("SELECT 'it''s; one'; SELECT 'it\\'s; two', '\\\\'; SELECT 3")).toEqual([
    "SELECT 'it''s; one'",
    "SELECT 'it\\'s; two', '\\\\'",
    "SELECT 3",
  ]);
});

it("splitStatements() drops comments, and what a comment hides does not count", () => {
  expect(split("-- a; 'b\nSELECT 1 /* ; ' */ + 2; #! x;\n# y;\n-- end;\n;;")).toEqual(["SELECT 1   + 2"]);
  expect(split("SELECT '-- no comment', '/* none */'")).toEqual(["SELECT '-- no comment', '/* none */'"]);
});

it("splitStatements() keeps literals apart from code", () => {
  expect(splitStatements("A '{shard}' B")).toEqual([
    [
      { kind: "code", text: "A " },
      { kind: "literal", text: "'{shard}'" },
      { kind: "code", text: " B" },
    ],
  ]);
});

it.each(["SELECT 'a", 'SELECT "a', "SELECT `a", "SELECT /* a"])(
  "splitStatements() refuses %s, naming the line",
  (sql) => {
    expect(() => splitStatements(`\n${sql}\n;`)).toThrow(UnterminatedSqlError);
    expect(() => splitStatements(`\n${sql}\n;`)).toThrow("opened in line 2");
  },
);
