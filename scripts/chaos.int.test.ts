import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./chaos.ts", import.meta.url));

function chaos(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("npm run chaos", () => {
  it("stores every record exactly once through a handful of faults, and says so", { timeout: 120_000 }, async () => {
    // One of each of these kinds: a single session timeout to wait for, that of the killed ingester.
    const kinds = "kill-at-step,insert,clickhouse-kill,worker-exit";
    const few = ["--faults", "4", "--seed", "1", "--eps", "500", "--only", kinds];
    const { code, stdout, stderr } = await chaos([...few, "--json"]);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ findings: [], delivery: { missing: 0, duplicate: 0, foreign: 0 } });
    expect(report.delivery.expected).toBeGreaterThan(1_000);
    expect(report.delivery.expected).toBeGreaterThanOrEqual(report.acknowledged);
    expect(report.faults).toHaveLength(4);
    expect(report.aggregates.length).toBeGreaterThanOrEqual(3);
  });

  it("refuses what it does not know, with exit code 2", async () => {
    const answers = await Promise.all([chaos(["--only", "earthquake"]), chaos(["--scenario", "flood"])]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2]);
    expect(answers[0]!.stderr).toContain("clickhouse-kill");
    expect(answers[1]!.stderr).toContain("rolling-restart");
  });
});
