import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const program = `
  const { createLog } = await import(${JSON.stringify(new URL("./log.ts", import.meta.url).href)});
  Object.defineProperty(process.stderr, "isTTY", { value: true });
  const err = new Error("Cannot insert", { cause: new Error("ECONNREFUSED") });
  createLog(process.argv[1]).error({ err, topic: "a" }, "stopped");`;

function logged(level: string): string {
  const env = { ...process.env, NO_COLOR: "1" };
  return spawnSync(process.execPath, ["--input-type=module", "-e", program, level], { encoding: "utf8", env }).stderr;
}

it("is a line for each event on a terminal, without stack traces", () => {
  expect(logged("info")).toMatch(
    /^\[[\d:]{8}\] ERROR: stopped \{"err":\{.*Cannot insert: ECONNREFUSED.*\},"topic":"a"\}\n$/,
  );
});

it("has stack traces for those who look for a fault in Millrace", () => {
  expect(logged("debug")).toMatch(/Cannot insert[\s\S]*\n +at /);
});
