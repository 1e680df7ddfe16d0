import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { docsFile, withTable } from "./differences.ts";

it("docs/differences.md lists every intended difference (mend with: npx node scripts/differences.ts)", () => {
  const text = readFileSync(docsFile, "utf8");
  expect(text).toBe(withTable(text));
});
