import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readmeFile, withTable } from "./differences.ts";

it("README.md lists every intended difference (mend with: npx node scripts/differences.ts)", () => {
  const readme = readFileSync(readmeFile, "utf8");
  expect(readme).toBe(withTable(readme));
});
