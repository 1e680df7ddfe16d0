import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { profileFor, readProfiles } from "../../src/config/profiles.ts";
import { hasTaskset } from "../common/pinned.ts";

const script = fileURLToPath(new URL("main.ts", import.meta.url));
const vcpus = Math.min(2, availableParallelism());
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-tune-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

if (!hasTaskset()) console.warn("skipped: the bench pins its processes, and there is no taskset here");

describe.skipIf(!hasTaskset())("npm run bench:tune", () => {
  it("drains every event once on its cores, and writes a profile file that start can use", {
    timeout: 90_000,
  }, async () => {
    const results = join(folder, "tune.ndjson");
    const args = ["--vcpus", String(vcpus), "--quick", "--profiles", "high", "--minutes", "0", "--events", "3000"];
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      ...args,
      "--out",
      folder,
      "--results",
      results,
    ]);
    expect(stdout).toMatch(/rows per task +events\/s/);
    expect(stdout).toContain("most rows per second by the clock");

    const { measured, profiles } = readProfiles(vcpus, folder);
    expect(measured).toMatchObject({ cpu: expect.any(String), commit: expect.any(String), codec: expect.any(Array) });
    const high = profiles.high.measured as {
      figures: { events: number; rowsPerSecond: number; cpuMicrosPerRow: number };
    };
    expect(high.figures.events).toBeGreaterThanOrEqual(3_000);
    expect(high.figures.rowsPerSecond).toBeGreaterThan(0);
    expect(high.figures.cpuMicrosPerRow).toBeGreaterThan(0);
    expect(profileFor("high", vcpus, folder).origin).toContain("measured 20");

    const lines = (await readFile(results, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([expect.objectContaining({ vcpus, kind: "drain", cpu: expect.any(String) })]);
  });
});
