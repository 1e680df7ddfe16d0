import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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

const busy = `
  const { guardOutput } = await import(${here("./output.ts")});
  guardOutput();
  for (let at = 0; at < 20; at++) {
    console.log("stdout");
    console.error("stderr");
    await new Promise((wake) => setTimeout(wake, 10));
  }
  process.exit(3);`;

it.each([
  ["Node", process.execPath, ["--input-type=module", "-e", busy]],
  ["Deno", deno, ["eval", busy]],
])("goes on with its work when the reader of its output has gone, under %s", async (_, runtime, args) => {
  const child = spawn(runtime, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  child.stderr.once("data", () => child.stderr.destroy());
  expect(await once(child, "exit")).toEqual([3, null]);
});
