import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { environmentRows } from "./environment-rows.ts";
import { type OptionRow, variablesOf } from "./option-row.ts";
import { bootstrapRows, simulatorRows } from "./simulate-rows.ts";

/** Set by the program for its own child processes; an error code of Kafka's; a constant. */
const others = ["MILLRACE_STDIN", "KAFKA_STORAGE_ERROR", "KAFKA_RETRIES"];

it("every variable that the program reads or names is a row", () => {
  const root = new URL("../../", import.meta.url).pathname;
  const sources = globSync("**/*.ts", { cwd: root }).filter((name) => !/\.test\.ts$|(^|\/)testing\//.test(name));
  const naming = /(?:\benv\.|["'` ])((?:KAFKA|CLICKHOUSE|MILLRACE)_[A-Z_]*[A-Z])\b(?!…| =)/g;
  const named = sources.flatMap((name) =>
    [...readFileSync(root + name, "utf8").matchAll(naming)].map(([, variable]) => variable!),
  );
  expect(named).toContain("KAFKA_BROKERS");
  const rows = Object.values<OptionRow>({ ...environmentRows, ...bootstrapRows, ...simulatorRows });
  const known = new Set(rows.flatMap(variablesOf).flatMap((name) => [name, `${name}_FILE`]));
  const unknown = [...new Set(named)].filter((name) => !known.has(name) && !others.includes(name));
  expect(unknown).toEqual([]);
});
