import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withTable } from "./doc-table.ts";
import { docTables, pathOf } from "./doc-tables.ts";

it.each(docTables)(
  "$file has the table $name as the code has it (mend with: npx node scripts/doc-tables.ts)",
  (table) => {
    const text = readFileSync(pathOf(table), "utf8");
    expect(text).toBe(withTable(text, table));
  },
);
