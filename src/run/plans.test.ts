import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { choosePipelines } from "./plans.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-plans-"));
  writeFileSync(join(folder, "good.yaml"), "name: good\ntopics: [g]\ntable: d.g\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const choose = (name: string) => choosePipelines({ direct: undefined, pipelineNames: [name], pipelineFolder: folder });

describe("a pipeline file with a fault", () => {
  beforeEach(() => {
    writeFileSync(join(folder, "broken.yaml"), "name: mine\ntopics: [\n");
    writeFileSync(join(folder, "empty.yaml"), "");
  });

  it("stops nobody who does not use it", async () => {
    expect(await choose("good")).toMatchObject([{ name: "good", table: "d.g" }]);
    expect(await choose("events")).toMatchObject([{ name: "events" }]);
  });

  it("stops those who do, by its name, or that of the file where it has none", async () => {
    await expect(choose("mine")).rejects.toThrow(/broken\.yaml:\d+:\d+: is not valid YAML/);
    await expect(choose("empty")).rejects.toThrow(/empty\.yaml:1:1: the file/);
  });

  it("does not fall back to the built-in pipeline that it was to replace", async () => {
    writeFileSync(join(folder, "own.yaml"), "name: events\ntopics: [e]\ntable: d.e\nform: x\n");
    await expect(choose("events")).rejects.toThrow(/own\.yaml:4:1: the file: form/);
  });
});

it("refuses a name that two files have", async () => {
  writeFileSync(join(folder, "other.yaml"), "name: good\ntopics: [o]\ntable: d.o\n");
  await expect(choose("good")).rejects.toThrow(/good\.yaml and .*other\.yaml both have the name good/);
});

it("offers the name that was meant", async () => {
  await expect(choose("goood")).rejects.toThrow(
    /--pipeline goood: is not known, did you mean good\? Pipelines: events/,
  );
  await expect(choose("xyz")).rejects.toThrow(/--pipeline xyz: is not known\. Pipelines: events, dead-letters, good/);
});
