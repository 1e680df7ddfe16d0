import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { runMillrace } from "../testing/run-millrace.ts";

// Nobody answers there: a command that asked a server first would say so, and end with 1.
const env = { KAFKA_BROKERS: "127.0.0.1:1", CLICKHOUSE_URL: "http://127.0.0.1:1" };
const longAgo = "99999999999d";

// All at a time: each is a process that ends at once.
describe.concurrent("an option that is wrong ends the command before any server is asked", { timeout: 60_000 }, () => {
  it.each<[string[], string]>([
    [["start", "--pipelines", "/nosuch"], "--pipelines /nosuch: cannot be read: there is no such folder"],
    // Its log is JSON here, with the quotation marks escaped.
    [["start", "--group", ""], "must not be empty"],
    [["start", "--simulate", "--no-simulator"], "--simulate and --no-simulator contradict each other"],
    [["doctor", "--pipelines", "/nosuch"], "--pipelines /nosuch: cannot be read"],
    [["reconcile", "--pipelines", "/nosuch"], "--pipelines /nosuch: cannot be read"],
    [["reconcile", "--since", longAgo], `--since ${longAgo}: is a time before 1970`],
    [["dlq", "list", "--since", longAgo], `--since ${longAgo}: is a time before 1970`],
    [["dlq", "replay", "--pipelines", "/nosuch"], "--pipelines /nosuch: cannot be read"],
    [["lag", "--group", ""], '--group "": must not be empty'],
    [["latency", "--since", "0s"], "--since 0s: must be from 1s to 3650d"],
    [["latency", "--since", longAgo], `--since ${longAgo}: must be from 1s to 3650d`],
    [["migrate", "--fact-ttl-days", "7"], "--fact-ttl-days 7: must be a whole number from 8 to 36500, or 0"],
    [["migrate", "--cluster", ""], '--cluster "": a cluster\'s name has letters'],
    [["simulate", "--listen", "127.0.0.1"], "--listen 127.0.0.1: is the address of the HTTP control"],
  ])("%j", async (args, says) => {
    const { code, stdout, stderr } = await runMillrace(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
  });

  it("start --port, of a port that another program has", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const { code, stdout, stderr } = await runMillrace(["start", "--port", String(port)], env);
    holder.close();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(stderr).toContain("name another with --port, or 0 for a free one");
  });
});
