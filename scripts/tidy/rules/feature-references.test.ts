import { describe, expect, it } from "vitest";
import { createTree } from "../tree.ts";
import { featureReferences } from "./feature-references.ts";

// Put together here, so that this file refers to nothing.
const id = (number: number) => `S9-${number}`;
const lineFor = (number: number) => `- **${id(number)}**: what is there; what is made of it.`;

function said(text: string, ...explained: number[]): string[] {
  const key = { name: "docs/seeds.md", text: `# Key\n\n${explained.map(lineFor).join("\n")}` };
  return featureReferences(createTree([key, { name: "src/core/x.ts", text }])).map(
    ({ file, line, wrong }) => `${file}:${line}: ${wrong}`,
  );
}

describe("feature-references", () => {
  it("finds a reference that nothing explains, in a range as well", () => {
    expect(said(`// as there (${id(1)})`, 1)).toEqual([]);
    expect(said(`\n// as there (${id(2)})`)).toEqual([
      `src/core/x.ts:2: refers to ${id(2)}, which docs/seeds.md does not explain`,
    ]);
    expect(said(`// ${id(1)} to ${id(3)}`, 1, 3)).toEqual([
      `src/core/x.ts:1: refers to ${id(2)}, which docs/seeds.md does not explain`,
    ]);
  });

  it("finds a line to which nothing refers", () => {
    expect(said(`// ${id(1)}`, 1, 2)).toEqual([`docs/seeds.md:4: explains ${id(2)}, to which nothing refers`]);
  });

  it("takes nothing else for a reference", () => {
    expect(said("// UTF-8, SHA-256, X-ClickHouse-Summary, EOS3-1, S9-1x")).toEqual([]);
  });
});
