import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { millraceEntry, runMillrace } from "../testing/run-millrace.ts";
import { startClickHouse } from "./clickhouse/server.ts";
import { startKafkaBroker } from "./kafka/server.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-listen-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(["0.0.0.0", "::", "", "192.0.2.1"])("the embedded servers refuse to listen on %j", async (host) => {
  const options = { port: 0, host, dataDir: join(folder, "refused") };
  await expect(startKafkaBroker(options)).rejects.toMatchObject({ code: "E_CONFIG" });
  await expect(startClickHouse(options)).rejects.toMatchObject({ code: "E_CONFIG" });
});

it("the embedded broker is at no other address of this machine", async () => {
  const broker = await startKafkaBroker({ port: 0, dataDir: join(folder, "kafka") });
  const others = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter(({ internal }) => !internal));
  for (const { address, family } of others) {
    // The port is free there: nobody listens on it for all addresses.
    if (family === "IPv4") await expect(isFree(broker.port, address), address).resolves.toBe(true);
  }
  await broker.close();
});

it("servers that begin at the same time on one port get one each, where a free one will do", async () => {
  const first = await startKafkaBroker({ port: 0, dataDir: join(folder, "a") });
  const wanted = first.port;
  await first.close();
  const brokers = await Promise.all(
    ["b", "c", "d"].map((name) => startKafkaBroker({ port: wanted, orFree: true, dataDir: join(folder, name) })),
  );
  const ports = brokers.map(({ port }) => port);
  const taken = startKafkaBroker({ port: wanted, dataDir: join(folder, "f") });
  await expect(taken).rejects.toMatchObject({ code: "E_EMBEDDED", message: expect.stringContaining(`:${wanted}`) });
  expect(ports).toContain(wanted);
  expect(new Set(ports).size).toBe(3);
  await Promise.all(brokers.map((broker) => broker.close()));
});

// In a process of its own: a recursive mkdir in /proc turns without end, and nothing but SIGKILL ends it.
it.runIf(existsSync("/proc/self")).each([
  ["kafka", "/proc/millrace/data", /there is no such folder/],
  ["clickhouse", "/proc/millrace/data", /there is no such folder/],
  ["kafka", fileURLToPath(import.meta.url), /it is a file, not a folder/],
  ["clickhouse", fileURLToPath(import.meta.url), /it is a file, not a folder/],
])(
  "embedded %s refuses the data folder %s at once",
  (server, data, reason) => {
    const { status, stderr } = spawnSync(process.execPath, [millraceEntry, "embedded", server, "--data", data], {
      encoding: "utf8",
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^millrace: Cannot use .* for data: /)]);
    expect(stderr).toMatch(reason);
  },
  30_000,
);

it("the command line has no way to another address", async () => {
  const run = await runMillrace(["embedded", "kafka", "--data", join(folder, "cli"), "--listen", "0.0.0.0"], {});
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown option '--listen'") });
});

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
