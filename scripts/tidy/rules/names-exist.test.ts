import { describe, expect, it } from "vitest";
import { createTree } from "../tree.ts";
import { namesExist } from "./names-exist.ts";

const files = {
  "package.json": '{ "scripts": { "start": "", "bench:e2e": "" } }',
  ".gitignore": "node_modules/\n",
  "src/cli/lag.ts": 'addOption(program.command("lag")).option("--json");',
  "src/cli/dlq.ts": 'const dlq = program.command("dlq"); add(dlq.command("list")); dlq.command("show <topic>");',
  "src/codec/records.ts": "",
  "ops/profiles/2.json": "",
};

/** What is said of one more file. */
function said(name: string, text: string): string[] {
  const all = Object.entries({ ...files, [name]: text }).map(([name, text]) => ({ name, text }));
  return namesExist(createTree(all)).map(({ file, line, wrong }) => `${file}:${line}: ${wrong}`);
}

describe("names-exist", () => {
  it.each([
    ["a path", "`src/codec/record.ts`", "names src/codec/record.ts, which is not there"],
    ["a file by its name", "`record.ts`", "names record.ts, which is not there"],
    ["a file from its folder, with a line", "`codec/record.ts:12`", "names codec/record.ts, which is not there"],
    ["a folder", "see `src/decoder/`", "names src/decoder/, which is not there"],
    ["a folder by its name", "`decoder/`", "names decoder/, which is not there"],
    ["a pattern", "`src/codec/recording*.ts`", "names src/codec/recording*.ts, which is not there"],
    ["a link", "[profiles](ops/profiles/9.json#mid)", "names ops/profiles/9.json, which is not there"],
    ["a script", "`npm run bench:e3e -- --check`", "names npm run bench:e3e, which package.json has not"],
    ["a script after an option", "`npm run --silent bench:e3e`", "names npm run bench:e3e, which package.json has not"],
    ["a script, in long", "`npm run-script bench:e3e`", "names npm run bench:e3e, which package.json has not"],
    ["a dashboard", "`dashboards/lag.json`", "names dashboards/lag.json, which is not there"],
    ["a script with a short name", "`npm test`", "names npm run test, which package.json has not"],
    ["a command", "`npx millrace lags`", "names millrace lags, which is no command"],
    ["a command's own", "`millrace dlq list\\|purge`", "names millrace dlq purge, which is no command"],
  ])("finds %s that is not there: %s", (_, markdown, wrong) => {
    expect(said("docs/page.md", `# Page\n\n${markdown}`)).toEqual([`docs/page.md:3: ${wrong}`]);
  });

  it("reads code blocks, line by line", () => {
    expect(said("README.md", "```sh\nmillrace lag\nnode src/millrace.mjs lags\n```")).toEqual([
      "README.md:3: names src/millrace.mjs, which is not there",
      "README.md:3: names millrace lags, which is no command",
    ]);
  });

  it.each([
    "`src/codec/records.ts`, `records.ts`, `codec/records.ts:3`, `rec*.ts`, `codec/`, `ops/profiles/<vcpus>.json`, `node_modules/.bin/`",
    "`src/codec/{records,inflate}.ts`, `https://example.org/src/x.ts`, `npm run --silent bench:e2e`",
    "`npm start`, `npm run bench:e2e`, `millrace lag --json`, `millrace dlq list|show`, `millrace.events`",
    "millrace is a word, and record.ts in the text is nobody's business; [elsewhere](https://example.org/src/x.ts)",
  ])("lets be what is there: %s", (markdown) => {
    expect(said("ARCHITECTURE.md", markdown)).toEqual([]);
  });

  it("leaves the changelog alone", () => {
    expect(said("CHANGELOG.md", "`src/old.ts`")).toEqual([]);
  });

  it("finds a file that a comment names, and outside tests a text", () => {
    expect(said("src/core/x.ts", "\n// see src/codec/record.ts")).toEqual([
      "src/core/x.ts:2: names src/codec/record.ts, which is not there",
    ]);
    for (const [name, text] of [
      ["src/core/x.test.ts", "\n  // see src/codec/record.ts"],
      ["src/core/testing/x.ts", "/**\n * See src/codec/record.ts.\n */"],
      ["sql/x.sql", "\n-- see src/codec/record.ts"],
      ["bench/x.py", "\n# see src/codec/record.ts"],
      ["ops/x.yml", "\n# see src/codec/record.ts"],
      ["package.json", '{ "scripts": {\n"lag": "node src/codec/record.ts" } }'],
    ] as const)
      expect(said(name, text)).toEqual([`${name}:2: names src/codec/record.ts, which is not there`]);
    expect(said("src/core/x.test.ts", 'it("src/codec/record.ts");')).toEqual([]);
  });
});
