import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stages } from "../../src/telemetry/stages.ts";
import { hasTaskset } from "../common/pinned.ts";
import type { StepResult } from "./ladder.ts";

const script = fileURLToPath(new URL("main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-latency-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

if (!hasTaskset()) console.warn("skipped: the bench pins its processes, and there is no taskset here");

describe.skipIf(!hasTaskset())("npm run bench:latency", () => {
  it("measures every event of a step, in every stage", { timeout: 90_000 }, async () => {
    const results = join(folder, "latency.ndjson");
    const args = ["--vcpus", "1", "--rates", "2000", "--seconds", "2", "--warm-up", "0", "--profile", "mid"];
    // A limit that a busy machine meets, too: this is about the measuring, not about the speed.
    args.push("--e2e-max", "20s", "--results", results);
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
    const [step] = (await readFile(results, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line): StepResult => JSON.parse(line));
    const { replay, latencyMs, cpuSeconds, lag } = step!;
    expect(replay.failure).toBeUndefined();
    expect(replay.acknowledged).toBe(replay.scheduled);
    expect(replay.scheduled).toBeGreaterThan(3_000);
    expect(lag).toBe(0);
    for (const stage of stages) {
      const { count, skewed, p50, p95, p99 } = latencyMs[stage];
      expect([stage, count + skewed]).toEqual([stage, replay.acknowledged]);
      expect(p50).toBeLessThanOrEqual(p95);
      expect(p95).toBeLessThanOrEqual(p99);
    }
    expect(latencyMs.e2e.p50).toBeGreaterThan(0);
    expect(cpuSeconds.ingester).toBeGreaterThan(0);
    expect(cpuSeconds.clickhouse).toBeGreaterThan(0);
    expect(stdout).toMatch(/vCPU +profile +events\/s +holds +produce +fetch +queue +process +insert +pipeline +e2e/);
    expect(stdout).toMatch(/\d+\/\d+\/\d+/);
  });
});
