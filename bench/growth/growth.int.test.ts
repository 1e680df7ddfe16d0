import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GrowthFigures } from "./run-case.ts";

const script = fileURLToPath(new URL("main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-growth-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("npm run bench:growth", () => {
  it.each([
    { axis: "partitions", values: "3", eps: 1_000, events: 2_000 },
    { axis: "pipelines", values: "2", eps: 1_000, events: 2_000 },
    { axis: "record-size", values: "10000", eps: 1_000, events: 200 },
  ])("stores and measures every event along $axis", { timeout: 90_000 }, async ({ axis, values, eps, events }) => {
    const results = join(folder, `${axis}.ndjson`);
    const args = ["--axis", axis, "--values", values, "--eps", String(eps), "--seconds", "2", "--warm-up", "0"];
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args, "--results", results]);
    const [run] = (await readFile(results, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line): GrowthFigures & { axis: string } => JSON.parse(line));
    expect(run!.axis).toBe(axis);
    // A busy machine may make some of them a tick too late; none is lost, or the run would have failed.
    expect(run!.events).toBeGreaterThan(events * 0.8);
    expect(run!.events).toBeLessThanOrEqual(events);
    const { ingester, clickhouse, both } = run!.cpuMicrosPerEvent;
    expect(ingester).toBeGreaterThan(0);
    expect(clickhouse).toBeGreaterThan(0);
    expect(both).toBeCloseTo(ingester + clickhouse, 1);
    expect(run!.e2eMs.p95).toBeGreaterThan(0);
    expect(run!.insertsPerSecond).toBeGreaterThan(0);
    expect(run!.partsPerSecond).toBeGreaterThan(0);
    expect(stdout).toContain("CPU µs an event");
  });
});
