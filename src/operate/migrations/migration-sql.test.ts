import { expect, it } from "vitest";
import { statementsOf } from "../../testing/sql-files.ts";
import { splitStatements, UnterminatedSqlError } from "./migration-sql.ts";

it("splitStatements() cuts at semicolons of the code only", () => {
  expect(statementsOf("SELECT 1; SELECT ';' , \"a;b\", `c;d` ; SELECT 3")).toEqual([
    "SELECT 1",
    "SELECT ';' , \"a;b\", `c;d`",
    "SELECT 3",
  ]);
  expect(statementsOf("SELECT $x$;'$x$; SELECT $$ ; -- $$")).toEqual(["SELECT $x$;'$x$", "SELECT $$ ; -- $$"]);
  // Nothing closes the first, and a word may have dollars in it.
  expect(statementsOf("SELECT $x$ 1; SELECT a$b$; SELECT b$b$")).toEqual([
    "SELECT $x$ 1",
    "SELECT a$b$",
    "SELECT b$b$",
  ]);
});

it("splitStatements() reads quotes that are escaped by a backslash or doubled", () => {
  expect(statementsOf("SELECT 'it''s; one'; SELECT 'it\\'s; two', '\\\\'; SELECT 3")).toEqual([
    "SELECT 'it''s; one'",
    "SELECT 'it\\'s; two', '\\\\'",
    "SELECT 3",
  ]);
});

it("splitStatements() drops comments, and what a comment hides does not count", () => {
  expect(statementsOf("-- a; 'b\nSELECT 1 /* ; ' */ + 2; #! x;\n# y;\n-- end;\n;;")).toEqual(["SELECT 1   + 2"]);
  expect(statementsOf("SELECT '-- no comment', '/* none */'")).toEqual(["SELECT '-- no comment', '/* none */'"]);
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
