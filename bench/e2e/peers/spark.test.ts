import { expect, test } from "vitest";
import { readJavaVersion } from "../spark/provision.ts";
import { countRows, jdbcUrl } from "./spark.ts";

test("the JDBC address has the server, the database and the driver's options", () => {
  expect(jdbcUrl("http://127.0.0.1:8123", "bench.fact")).toBe(
    "jdbc:clickhouse:http://127.0.0.1:8123/bench?compress=0&beta.row_binary_for_simple_insert=true",
  );
});

test("rows are summed over the progress lines, other lines do not count", () => {
  expect(countRows(["ready", 'progress {"rows": 499998}', 'failed {"error": "x"}', 'progress {"rows": 2}'])).toBe(
    500_000,
  );
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ["", Number.NaN],
])("the Java version of %j is %d", (text, version) => {
  expect(readJavaVersion(text)).toBe(version);
});
