import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runMillrace } from "../testing/run-millrace.ts";

/** Takes connections and never answers: what a firewall, or a broker that stands still, looks like. */
let silent: Server;
let silentAddress: string;

beforeAll(async () => {
  silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  silentAddress = `127.0.0.1:${(silent.address() as { port: number }).port}`;
});

afterAll(() => {
  silent.close();
});

describe("a command whose brokers cannot be reached", () => {
  it.each(["lag", "offsets show", "topics plan"])(
    "%s says so in one sentence, soon",
    async (typed) => {
      const command = typed.split(" ");
      const startsMs = performance.now();
      expect(await runMillrace([...command, "--no-such-option"], {})).toMatchObject({ code: 2 });
      const startMs = performance.now() - startsMs;
      for (const brokers of ["127.0.0.1:1", silentAddress]) {
        const askedMs = performance.now();
        const { code, stdout, stderr } = await runMillrace([...command, "--brokers", brokers], {});
        const tookMs = performance.now() - askedMs;
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr.trimEnd().split("\n")).toEqual([
          expect.stringMatching(
            new RegExp(`^millrace: no Kafka broker of ${brokers} lets us in: .*[Cc]heck the address`),
          ),
        ]);
        // Besides what the process itself needs, which on a busy machine is long.
        expect(tookMs - startMs).toBeLessThan(8_000);
      }
    },
    60_000,
  );
});
