import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { runMillrace } from "../testing/run-millrace.ts";

/** Takes connections and never answers: what a firewall, or a broker that stands still, looks like. */
async function startSilent(): Promise<{ address: string; connectedMs(): number; close(): void }> {
  let connectedMs = Number.NaN;
  const server = createServer(() => {
    if (Number.isNaN(connectedMs)) connectedMs = performance.now();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  return { address, connectedMs: () => connectedMs, close: () => server.close() };
}

/** Resolves with the time of its end. What a process needs until it asks does not count: on a busy machine it is long. */
async function saysSo(command: string[], brokers: string): Promise<number> {
  const { code, stdout, stderr } = await runMillrace([...command, "--brokers", brokers], {});
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(
      new RegExp(`^millrace: no Kafka broker of ${brokers} accepts the connection: .*[Cc]heck the address`),
    ),
  ]);
  return performance.now();
}

// All at a time: what they do is to wait.
describe.concurrent("a command whose brokers cannot be reached", { timeout: 60_000 }, () => {
  const commands = ["lag", "offsets show", "topics plan"].map((typed) => typed.split(" "));

  it.each(commands.map((command) => [command]))(
    "%j says so in one sentence, soon, where nobody answers",
    async (command) => {
      const silent = await startSilent();
      const endedMs = await saysSo(command, silent.address);
      silent.close();
      expect(endedMs - silent.connectedMs()).toBeLessThan(10_000);
    },
  );

  it.each(commands.map((command) => [command]))(
    "%j says so in one sentence, soon, where nobody listens",
    async (command) => {
      const yardstick = runMillrace([...command, "--no-such-option"], {}).then((run) => {
        expect(run).toMatchObject({ code: 2 });
        return performance.now();
      });
      const [unaskedMs, endedMs] = await Promise.all([yardstick, saysSo(command, "127.0.0.1:1")]);
      expect(endedMs - unaskedMs).toBeLessThan(10_000);
    },
  );
});
