import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectClickHouse } from "../cli/connect.ts";
import { systemClock } from "../core/clock.ts";
import { startClickHouse } from "../embedded/clickhouse/server.ts";
import { freePort } from "../testing/kafka/free-port.ts";
import { ClickHouseClock } from "./clickhouse-clock.ts";

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

  it("is not waited for when the run has failed", async () => {
    const offset = clock.offset();
    aborter.abort(new Error("the run has failed"));
    await expect(offset).rejects.toThrow("the run has failed");
  });
});
