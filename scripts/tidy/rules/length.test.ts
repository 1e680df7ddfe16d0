import { describe, expect, it } from "vitest";
import { type Breach, createTree } from "../tree.ts";
import { fileLength, functionLength } from "./length.ts";

const planted = "src/core/planted.ts";
const treeWith = (text: string) => createTree([{ name: planted, text }]);
const said = (breaches: Breach[]) => breaches.map(({ file, line, wrong }) => `${file}:${line}: ${wrong}`);
const filesIn = (text: string) => said(fileLength(treeWith(text), {}));
const functionsIn = (text: string) => said(functionLength(treeWith(text), {})).sort();

describe("file-length and function-length", () => {
  const lines = (count: number) => "// a line\n".repeat(count);
  const body = (count: number) => `{\n${"step();\n".repeat(count - 2)}}`;

  it("find a file of more than 250 lines", () => {
    expect(filesIn(lines(250))).toEqual([]);
    expect(filesIn(lines(251))).toEqual([`${planted}:1: the file has 251 lines: at most 250`]);
    expect(filesIn(`${lines(250)}// the last`)).toEqual([`${planted}:1: the file has 251 lines: at most 250`]);
  });

  it.each([
    ["work", (text: string) => `function work() ${text}`],
    ["work", (text: string) => `const work = async () => ${text};`],
    ["Ledger > work", (text: string) => `class Ledger { work() ${text} }`],
    ["outer > work", (text: string) => `function outer() { const steps = { work: function () ${text} }; }`],
    ["does its work", (text: string) => `it("does its work", async () => ${text});`],
    [
      "a title > sum > does",
      (text: string) => `describe("a title", () => { function sum() { it("does", () => ${text}); } });`,
    ],
    ["setTimeout", (text: string) => `setTimeout(() => ${text});`],
  ])("find a function of more than 70 lines: %s", (name, around) => {
    const found = (count: number) => functionsIn(`\n${around(body(count))}`);
    expect(found(70)).toEqual([]);
    const [outermost = ""] = name.split(" > ");
    const all = name.startsWith("outer") ? [`${planted}:2: outer has 71 lines: at most 70`] : [];
    if (name.startsWith("a title")) all.push(`${planted}:2: ${outermost} > sum has 71 lines: at most 70`);
    expect(found(71)).toEqual([...all, `${planted}:2: ${name} has 71 lines: at most 70`].sort());
  });

  it("leave groups of tests alone", () => {
    const text = ["describe", "describe.each([1])", "describe.skipIf(true)"].map(
      (call) => `${call}("x", () => ${body(90)});`,
    );
    expect(functionsIn(text.join("\n"))).toEqual([]);
  });

  it("let what is listed become shorter, not longer, and find entries that are too high or not needed", () => {
    const grown = treeWith(lines(300));
    const ofList = (listed: Record<string, number>) => said(fileLength(grown, listed));
    expect(ofList({ [planted]: 300 })).toEqual([]);
    expect(ofList({ [planted]: 319 })).toEqual([]);
    expect(ofList({ [planted]: 320 })).toEqual([
      `scripts/tidy/long-code.ts:1: allows ${planted} 320 lines, and it has 300`,
    ]);
    expect(ofList({ [planted]: 299 })).toEqual([
      `${planted}:1: the file has 300 lines: 299 are listed, and it may only become shorter`,
    ]);
    expect(ofList({ [planted]: 300, "src/core/gone.ts": 300 })).toEqual([
      "scripts/tidy/long-code.ts:1: lists src/core/gone.ts, which is gone or has at most 250 lines",
    ]);
  });
});
