import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EngineOracle, openEngineOracle } from "./engine-oracle.ts";
import { rowHashSql } from "./row-hash.ts";

let oracle: EngineOracle;
beforeAll(() => {
  oracle = openEngineOracle();
  oracle.run(
    "CREATE TABLE wanted (id Int32, text Nullable(String), tag LowCardinality(Nullable(String))) ENGINE = Memory",
  );
  oracle.run("INSERT INTO wanted SELECT number, if(number % 3 = 0, NULL, toString(number)), NULL FROM numbers(100)");
});
afterAll(() => oracle.close());

const hashOf = (from: string, columns = "*") => oracle.lines(`SELECT ${rowHashSql(columns)} FROM ${from}`)[0];

describe("rowHashSql()", () => {
  it("is the same for the same rows in another order", () => {
    expect(hashOf("(SELECT * FROM wanted ORDER BY id DESC)")).toBe(hashOf("wanted"));
    expect(hashOf("wanted", "id, text, tag")).toBe(hashOf("wanted"));
    expect(hashOf("wanted")).toMatch(/^\d+$/);
  });

  it.each([
    ["a row with a NULL is missing", "SELECT * FROM wanted WHERE id != 3"],
    ["a row with a NULL is doubled", "SELECT * FROM wanted UNION ALL SELECT * FROM wanted WHERE id = 3"],
    ["a value beside a NULL is another", "SELECT if(id = 3, 1003, id)::Int32 AS id, text, tag FROM wanted"],
    ["a NULL is an empty text", "SELECT id, if(id = 3, '', text) AS text, tag FROM wanted"],
    ["a NULL is the text NULL", "SELECT id, if(id = 3, 'NULL', text) AS text, tag FROM wanted"],
    ["two rows have exchanged a value", "SELECT id, if(id = 1, '2', if(id = 2, '1', text)) AS text, tag FROM wanted"],
  ])("is another when %s", (_what, select) => {
    expect(hashOf(`(${select})`)).not.toBe(hashOf("wanted"));
  });

  it("is how every check of this repository hashes rows", () => {
    const root = join(import.meta.dirname, "../..");
    const files = ["src", "bench", "scripts"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
        .map((name) => join(folder, name)),
    );
    expect(files.length).toBeGreaterThan(300);
    const hash = /\b(?:sum|groupBitXor)\((?:city|sip|xx|farm|metro|murmur)\w*\((?!formatRow\()/;
    expect(files.filter((name) => hash.test(readFileSync(join(root, name), "utf8")))).toEqual([]);
  });
});
