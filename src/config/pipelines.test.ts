import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readPipelineFiles } from "./pipelines.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-pipelines-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("reads the YAML files of a folder by name, and none of an absent one", async () => {
  for (const name of ["b.yaml", "a.yml", "notes.txt"]) writeFileSync(join(folder, name), name);
  expect((await readPipelineFiles(folder)).map((file) => "text" in file && file.text)).toEqual(["a.yml", "b.yaml"]);
  expect(await readPipelineFiles(join(folder, "absent"))).toEqual([]);
});

it("refuses a file that no person has written", async () => {
  writeFileSync(join(folder, "huge.yaml"), "x".repeat(256 * 1024 + 1));
  const huge = (await readPipelineFiles(folder)).find(({ fileName }) => fileName.endsWith("huge.yaml"));
  expect(huge).toMatchObject({
    fault: { code: "E_CONFIG", message: expect.stringMatching(/huge\.yaml has 262145 bytes: at most 262144 are read/) },
  });
});

it("says so when the folder is a file", async () => {
  await expect(readPipelineFiles(join(folder, "b.yaml"))).rejects.toThrow(/b\.yaml: cannot be read: it is a file/);
});
