import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { startClickHouse } from "../../embedded/clickhouse/server.ts";
import { freePort } from "../../testing/kafka/free-port.ts";
import { ClickHouseClock } from "./clock.ts";
import { connectClickHouse } from "./connect.ts";

describe("ClickHouse's clock", () => {
  let dir: string;
  let port: number;
  let errors: unknown[];
  let aborter: AbortController;
  let client: ReturnType<typeof connectClickHouse>;
  let clock: ClickHouseClock;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "millrace-clock-"));
    port = await freePort();
    errors = [];
    aborter = new AbortController();
    client = connectClickHouse({ url: `http://127.0.0.1:${port}`, user: undefined, password: undefined }, 1);
    const onError = (error: unknown) => errors.push(error);
    clock = new ClickHouseClock({ client, clock: systemClock, signal: aborter.signal, onError });
  });
  afterEach(async () => {
    await client.close();
    await rm(dir, { recursive: true, force: true });
  });

  it("is waited for until the server answers, and then kept while it does not", async () => {
    const offset = clock.offset();
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const server = await startClickHouse({ port, dataDir: dir });
    const { offsetMs, measuredMs } = await offset;
    // One machine, one clock: what is left is that of this process and the round trip.
    expect(Math.abs(offsetMs)).toBeLessThan(500);
    await server.close();
    clock.doubt();
    expect(await clock.offset()).toEqual({ offsetMs, measuredMs });
  }, 30_000);

  it("is measured against the steady clock: a step of the wall clock, also within a request, makes no difference", async () => {
    const server = await startClickHouse({ port, dataDir: dir });
    const { query } = client;
    const now = Date.now;
    try {
      const before = await clock.offset();
      // The clock is set back by an hour while ClickHouse answers, for the second time while it answers again.
      client.query = (async (...given: Parameters<typeof query>) => {
        const answer = await Reflect.apply(query, client, given);
        const steppedMs = now() - Date.now() + 3_600_000;
        Date.now = () => now() - steppedMs;
        return answer;
      }) as typeof query;
      clock.doubt();
      const { offsetMs } = await clock.offset();
      expect(Math.abs(offsetMs - before.offsetMs)).toBeLessThan(500);
    } finally {
      Date.now = now;
      client.query = query;
      await server.close();
    }
  }, 30_000);

  it("is measured again when the wall clock of this machine was set: ClickHouse's may be the same", async () => {
    const server = await startClickHouse({ port, dataDir: dir });
    const now = Date.now;
    try {
      const before = await clock.offset();
      expect(await clock.offset()).toBe(before);
      Date.now = () => now() - 3_600_000;
      const after = await clock.offset();
      expect(after.measuredMs).toBeGreaterThan(before.measuredMs);
      expect(await clock.offset()).toBe(after);
    } finally {
      Date.now = now;
      await server.close();
    }
  }, 30_000);

  it("is not waited for when the run has failed", async () => {
    const offset = clock.offset();
    aborter.abort(new Error("the run has failed"));
    await expect(offset).rejects.toThrow("the run has failed");
  });
});
