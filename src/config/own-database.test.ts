import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const src = join(import.meta.dirname, "..");

it("no source names a table in a database of its own choice: MILLRACE_DATABASE is for all of them", () => {
  const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !/\.test\.ts$|(^|[/\\])testing[/\\]/.test(name),
  );
  const fixed = sources.filter((name) => /["'`]analytics\.\w/.test(readFileSync(join(src, name), "utf8")));
  expect(fixed).toEqual([]);
});
