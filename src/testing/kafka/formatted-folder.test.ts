import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatOnce } from "./formatted-folder.ts";

describe("formatOnce()", () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "millrace-formatted-"));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  const textOf = (folder: string) => readFile(join(home, folder, "meta"), "utf8");
  const formatted = (template: string, folder: string, text: string) =>
    formatOnce(join(home, template), join(home, folder), async () => {
      await mkdir(join(home, folder));
      await writeFile(join(home, folder, "meta"), text);
    });

  it("formats the first folder, and copies it to the next", async () => {
    await formatted("cache/t", "first", "one");
    await formatted("cache/t", "next", "two");
    expect([await textOf("first"), await textOf("next")]).toEqual(["one", "one"]);
  });

  it("keeps one of those that are formatted at the same time", async () => {
    const names = ["a", "b", "c"];
    await Promise.all(names.map((name) => formatted("both/t", name, name)));
    expect(await Promise.all(names.map(textOf))).toEqual(names);
    expect(names).toContain(await textOf("both/t"));
    expect(await readdir(join(home, "both"))).toEqual(["t"]);
  });

  it("formats where no template can be kept, and keeps none of what failed", async () => {
    await writeFile(join(home, "file"), "");
    await formatted("file/t", "alone", "one");
    expect(await textOf("alone")).toBe("one");
    const failing = formatOnce(join(home, "none/t"), join(home, "failed"), () => Promise.reject(new Error("no luck")));
    await expect(failing).rejects.toThrow("no luck");
    await expect(textOf("none/t")).rejects.toThrow("ENOENT");
  });
});
