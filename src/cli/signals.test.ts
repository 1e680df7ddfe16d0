import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { createWishes } from "./signals.ts";

describe("a signal after the first", () => {
  const wishes = (isCopiedByNpm: boolean, ...signals: [signal: string, ms: number][]) => {
    const wishOf = createWishes(isCopiedByNpm);
    return signals.map(([signal, ms]) => wishOf(signal, ms));
  };

  it("is the same wish within a second", () => {
    expect(wishes(false, ["SIGINT", 5], ["SIGINT", 1_004], ["SIGTERM", 1_004])).toEqual(["first", "same", "same"]);
    expect(wishes(false, ["SIGINT", 5], ["SIGINT", 1_005])).toEqual(["first", "again"]);
    expect(wishes(false, ["parent gone", 5], ["SIGINT", 1_005])).toEqual(["first", "again"]);
  });

  it("is npm's copy once, however late npm hands it on", () => {
    expect(wishes(true, ["SIGINT", 0], ["SIGINT", 9_999], ["SIGINT", 9_999])).toEqual(["first", "same", "again"]);
    expect(wishes(true, ["SIGINT", 0], ["SIGINT", 2], ["SIGINT", 1_000])).toEqual(["first", "same", "again"]);
    expect(wishes(true, ["SIGINT", 0], ["SIGINT", 10_000])).toEqual(["first", "again"]);
  });

  it("is no copy of another signal", () => {
    expect(wishes(true, ["SIGTERM", 0], ["SIGINT", 1_000])).toEqual(["first", "again"]);
    expect(wishes(true, ["SIGINT", 0], ["SIGTERM", 1_000])).toEqual(["first", "again"]);
  });
});

const program = `
  import { untilStopped } from ${JSON.stringify(new URL("./signals.ts", import.meta.url).href)};
  setInterval(() => {}, 1_000);
  untilStopped({}).then((reason) => console.log("stops for", reason));
  let heard = 0;
  process.on("SIGINT", () => console.log("survives", ++heard));
  console.log("ready", process.pid);`;

/** Starts the program; `interrupt` sends a SIGINT to it alone, and waits until that is heard: two that wait are one. */
function startProgram(command: string, args: string[], env: Record<string, string>) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const ended = once(child, "close").then(([code]) => ({ code, text }));
  const says = (wanted: RegExp) => vi.waitFor(() => wanted.exec(text) ?? expect(text).toMatch(wanted), 20_000);
  const interrupt = async () => process.kill(Number((await says(/ready (\d+)/))![1]), "SIGINT");
  return { ended, says, interrupt };
}

it("a signal that follows within a second is the same wish, a later one ends the process at once", async () => {
  const { ended, says, interrupt } = startProgram(process.execPath, ["--input-type=module", "-e", program], {});
  await interrupt();
  await says(/stops for SIGINT/);
  await interrupt();
  await says(/survives 2/);
  await sleep(1_200);
  await interrupt();
  expect(await ended).toMatchObject({ code: 130, text: expect.stringContaining("SIGINT once more: ended at once") });
}, 60_000);

it.skipIf(!existsSync("/usr/bin/script"))(
  "under npm in a terminal a late second is npm's, a third ends the process at once",
  async () => {
    const { ended, says, interrupt } = startProgram(
      "script",
      ["-qefc", 'exec "$NODE" --input-type=module -e "$PROGRAM"', "/dev/null"],
      { npm_command: "run-script", NODE: process.execPath, PROGRAM: program },
    );
    await interrupt();
    await says(/stops for SIGINT/);
    await sleep(1_200);
    await interrupt();
    await says(/survives 2/);
    await interrupt();
    expect(await ended).toMatchObject({ code: 130, text: expect.stringContaining("SIGINT once more: ended at once") });
  },
  60_000,
);
