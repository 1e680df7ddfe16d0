import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
const program = `
  const { rememberSecret } = await import(${here("../core/redact.ts")});
  const { guardOutput } = await import(${here("./output.ts")});
  rememberSecret("pass-word-123");
  guardOutput();
  console.log("log", { a: "pass-word-123" });
  console.error("error pass-word-123");
  process.stdout.write("written pass-word-123\\n");`;

it.each([
  ["Node", process.execPath, ["--input-type=module", "-e", program]],
  ["Deno", deno, ["eval", program]],
])("takes secrets out of whatever is printed, under %s", (_, runtime, args) => {
  const { stdout, stderr } = spawnSync(runtime, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
  expect(stdout).toBe("log { a: '[redacted]' }\nwritten [redacted]\n");
  expect(stderr).toBe("error [redacted]\n");
});
