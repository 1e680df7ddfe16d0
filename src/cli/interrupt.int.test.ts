import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunReport } from "../run/report.ts";
import { writeRunFile } from "../run/run-file.ts";
import { millraceEntry } from "../testing/run-millrace.ts";

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-interrupt-"));
  // Not the ports of every first start: two that start at once can both find them free.
  const [kafka, clickHouse] = [20_000, 26_000].map((from) => from + Math.floor(Math.random() * 6_000));
  writeRunFile(folder, { kafkaBroker: `127.0.0.1:${kafka}`, clickHouseUrl: `http://127.0.0.1:${clickHouse}` });
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** The demo as a person has it: `start` is what `npm start` runs. */
function startDemo(command: string, args: string[]) {
  const started = spawn(command, args, {
    env: { ...process.env, SHELL: "/bin/sh", MILLRACE_DIR: folder, MILLRACE_LOG_LEVEL: "info" },
  });
  child = started;
  let text = "";
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return {
    child: started,
    /** Its exit code is to be 0; else what it said is shown. */
    async endsWell() {
      const [code] = await once(started, "close");
      expect(code, text).toBe(0);
    },
    async says(wanted: RegExp) {
      while (!wanted.test(text)) {
        if (started.exitCode !== null) throw new Error(`ended before ${wanted}:\n${text}`);
        await sleep(10);
      }
    },
  };
}

describe("Ctrl-C", () => {
  const report = () => join(folder, "report.json");
  const start = () => ["start", "--profile", "low", "--eps", "500", "--report", report()];

  it.skipIf(!existsSync("/usr/bin/script"))(
    "under npm in a terminal, where it comes twice, drains and reports",
    async () => {
      // A window without a size shows no status line. `exec`: a shell that waited would have the Ctrl-C, too, and dash, which
      // is `script`'s where SHELL is not set, ends by it with 130.
      const npm = ["stty cols 100;", "exec npm", "start", "--", ...start().slice(1)].join(" ");
      // A terminal of its own: what is written to it goes through the line discipline, as what is typed does.
      const demo = startDemo("script", ["-qefc", npm, "/dev/null"]);
      await demo.says(/stored [1-9]/);
      demo.child.stdin!.write("\x03");
      await demo.endsWell();
      const { left, stored, missing, duplicate }: RunReport = JSON.parse(await readFile(report(), "utf8"));
      expect({ left: left.ranges, missing, duplicate }).toEqual({ left: 0, missing: 0, duplicate: 0 });
      expect(stored).toBeGreaterThan(0);
    },
    90_000,
  );

  it("while the embedded servers start ends at once, and leaves nothing behind", async () => {
    const demo = startDemo(process.execPath, [millraceEntry, ...start()]);
    await demo.says(/profile low/);
    const sentMs = performance.now();
    demo.child.kill("SIGINT");
    await demo.endsWell();
    expect(performance.now() - sentMs).toBeLessThan(4_000);
    expect(existsSync(join(folder, "lock"))).toBe(false);
  }, 30_000);
});
