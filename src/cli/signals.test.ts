import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const program = `
  import { untilStopped } from ${JSON.stringify(new URL("./signals.ts", import.meta.url).href)};
  setInterval(() => {}, 1_000);
  untilStopped({}).then((reason) => console.log(reason));
  console.log("ready");`;

it("a signal that follows within a second is the same wish, a later one ends the process at once", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "close");
  const next = async () => String((await once(child.stdout, "data"))[0]).trim();
  expect(await next()).toBe("ready");
  child.kill("SIGINT");
  expect(await next()).toBe("SIGINT");
  child.kill("SIGINT");
  await sleep(1_200);
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  expect((await ended)[0]).toBe(130);
  expect(errors).toContain("SIGINT once more: ended at once");
}, 15_000);
