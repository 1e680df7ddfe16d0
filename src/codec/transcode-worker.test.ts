import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { text } from "./testing/record-batch.ts";

const script = fileURLToPath(new URL("./testing/pool-check.ts", import.meta.url));
const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));

describe("workers/transcode.ts", () => {
  it.each([
    ["Node", process.execPath, [script]],
    ["Deno", deno, ["run", "-A", script]],
  ])("transcodes in a Piscina pool, unbuilt, and moves the buffers: %s", async (name, command, args) => {
    const { stdout } = await promisify(execFile)(command, args, { timeout: 25_000 });
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({ isDeno: name === "Deno", areInputsGone: true, isInputBack: true, clock: true });
    expect(seen.rows).toEqual([
      ...Array.from({ length: 5 }, (_, index) => [2, ...text(`s${index}`), index, 0, 0, 0]),
      [], // the second plan has no columns
    ]);
    expect(seen.deadByType).toEqual(Array.from({ length: 6 }, () => ({ json_parse_failed: 1 })));
    expect(seen.recordAges).toEqual(Array.from({ length: 6 }, () => 2));
    expect(seen.unknownPlan).toContain("Plan nope is not among the worker's plans");
  });
});
