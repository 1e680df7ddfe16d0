import { expect, it } from "vitest";
import { refusalOf, withoutEnd } from "./judge-statement.ts";

it.each([
  "SELECT 1",
  " -- a remark\n select count() from t;",
  "(SELECT 1) UNION ALL (SELECT 2)",
  "WITH a AS (SELECT 1) SELECT * FROM a",
  "SHOW TABLES",
  "DESCRIBE TABLE analytics.fact_event",
  "EXPLAIN SELECT 1",
  "DESCRIBE (SELECT a FROM t)",
  "SELECT 'DROP TABLE t; file(1)'",
  "SELECT file, format FROM t ORDER BY format",
  "SELECT count(t.file), max(t.settings) FROM t",
  "SELECT settings, settings.a FROM t WHERE settings = 1 ORDER BY settings DESC LIMIT (1)",
  "DESCRIBE TABLE t",
  "SELECT max(airline) FROM t",
  "SELECT * APPLY(max) FROM t",
])("lets through what reads: %s", (sql) => {
  expect(refusalOf(sql)).toBeUndefined();
});

it.each([
  ["", "no statement"],
  ["-- nothing", "no statement"],
  ["INSERT INTO t VALUES (1)", "Only statements that read"],
  ["DROP TABLE t", "Only statements that read"],
  // Neither is stopped by `readonly` in the embedded engine.
  ["SYSTEM STOP MERGES", "Only statements that read"],
  ["KILL QUERY WHERE 1", "Only statements that read"],
  ["SET readonly = 0", "Only statements that read"],
  ["/* SELECT */ TRUNCATE TABLE t", "Only statements that read"],
  ["SELECT 1; DROP TABLE t", "One statement at a time"],
  ["SELECT file('/etc/passwd')", "file reaches beyond the tables"],
  ["SELECT FILE ('/etc/passwd')", "reaches beyond the tables"],
  ["SELECT `file`/**/('/etc/passwd')", "reaches beyond the tables"],
  ["SELECT hasColumnInTable('elsewhere', 'system', 'one', 'a')", "reaches beyond the tables"],
  ["SELECT aiGenerate('a', 'b')", "reaches beyond the tables"],
  // `readonly` lets these read the file, and ask the server.
  ["DESCRIBE TABLE url('http://127.0.0.1:1/', 'CSV')", "no function"],
  ["desc `file`('/etc/passwd')", "reaches beyond the tables"],
  ["DESCRIBE (SELECT * FROM s3('http://127.0.0.1:1/x'))", "no function"],
  ["SELECT “file”('/etc/passwd')", "reaches beyond the tables"],
  ["SELECT file\u3000('/etc/passwd')", "reaches beyond the tables"],
  ["SELECT 1 //' \n , file('/etc/passwd') --'", "reaches beyond the tables"],
  ["SELECT 1 /* /* */ ' */ , file('/etc/passwd') --'", "reaches beyond the tables"],
  ["SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", "reaches beyond the tables"],
  ["SELECT * APPLY `file` FROM (SELECT '/etc/passwd')", "reaches beyond the tables"],
  ["SELECT arrayMap(file, ['/etc/passwd'])", "reaches beyond the tables"],
  ["SELECT arrayMap(aiGenerate, ['a'])", "reaches beyond the tables"],
  // The server takes this in a subquery, whatever the user's own settings are, and asks elsewhere.
  ["SELECT * FROM (SELECT * FROM url('http://elsewhere/x.csv') SETTINGS readonly = 0)", "Leave SETTINGS away"],
  ["SELECT (SELECT 1 SETTINGS `max_threads`=8)", "Leave SETTINGS away"],
  ["SELECT 1 FORMAT Native", "Leave FORMAT away"],
  ["SELECT 1 FORMAT `Native`", "Leave FORMAT away"],
  ["SELECT 1 INTO OUTFILE 'x'", "INTO OUTFILE"],
  ["SELECT 1 INTO\u2003OUTFILE 'x'", "INTO OUTFILE"],
  [`SELECT ${"1,".repeat(20_000)}1`, "characters"],
])("refuses %s", (sql, why) => {
  expect(refusalOf(sql)).toContain(why);
});

it("takes the semicolon from the end", () => {
  expect(withoutEnd("SELECT ';' ; -- done")).toBe("SELECT ';' ");
  expect(withoutEnd("SELECT 1")).toBe("SELECT 1");
});
