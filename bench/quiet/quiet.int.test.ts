import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { QuietFigures } from "./measure-case.ts";

const script = fileURLToPath(new URL("main.ts", import.meta.url));

describe.skipIf(process.platform !== "linux")("npm run bench:quiet", () => {
  it("measures an idle ingester and one under a light load, and every event's delay", { timeout: 90_000 }, async () => {
    const args = ["--rates", "0,2000", "--partitions", "12", "--seconds", "2", "--warm-up", "1", "--singles", "1"];
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args, "--no-record", "--json"]);
    const [idle, loaded]: QuietFigures[] = JSON.parse(stdout);
    expect([idle!.events, idle!.eventsPerSecond, loaded!.partitions]).toEqual([1, 0, 12]);
    expect(loaded!.events).toBeGreaterThan(3_000);
    for (const { cpuPercent, e2eMs } of [idle!, loaded!]) {
      expect(cpuPercent.main).toBeGreaterThan(0);
      expect(e2eMs.p50).toBeGreaterThan(0);
      expect(e2eMs.p50).toBeLessThanOrEqual(e2eMs.max);
    }
    expect(loaded!.cpuPercent.workers).toBeGreaterThan(0);
    expect(loaded!.cpuPercent.all).toBeGreaterThan(idle!.cpuPercent.all);
  });
});
