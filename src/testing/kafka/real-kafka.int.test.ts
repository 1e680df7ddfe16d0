import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGuarded, spawnGuarded } from "./child-process.ts";
import { kafkajsFor } from "./kafkajs-client.ts";
import { realKafka, startRealKafka } from "./real-kafka.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "millrace-real-kafka-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const kafka = await realKafka();
if (!kafka.available) process.stderr.write(`skipped: ${kafka.reason}\n`);

describe.skipIf(!kafka.available)("startRealKafka()", () => {
  it("keeps the records of a data folder over a restart, and applies the given properties", async () => {
    const dataDir = join(home, "kept");
    const first = await startRealKafka({ dataDir, properties: { "num.partitions": "3" } });
    await produceOne(first.brokers, "kept");
    await first.close();
    expect(() => process.kill(first.pid, 0)).toThrow(/ESRCH/);

    const second = await startRealKafka({ dataDir, port: first.port });
    try {
      const offsets = await endOffsets(second.brokers, "kept");
      expect(offsets).toHaveLength(3);
      expect(offsets.reduce((sum, offset) => sum + offset, 0)).toBe(1);
    } finally {
      await second.close();
    }
  }, 60_000);

  it("fails with the server's own words when a property is wrong", async () => {
    const properties = { "log.segment.bytes": "many" };
    await expect(startRealKafka({ properties })).rejects.toMatchObject({
      code: "E_KAFKA",
      message: expect.stringContaining("log.segment.bytes"),
    });
  });
});

describe("spawnGuarded()", () => {
  it("ends the program when the process that started it is killed", async () => {
    const program = `
      import { spawnGuarded } from ${JSON.stringify(join(import.meta.dirname, "child-process.ts"))};
      const { child } = spawnGuarded("sleep", ["60"], { stderrFile: ${JSON.stringify(join(home, "sleep.log"))} });
      process.stdout.write(String(child.pid));
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`;
    const files = { stdoutFile: join(home, "pid"), stderrFile: join(home, "parent.log") };
    const parent = spawnGuarded(process.execPath, ["--input-type=module", "-e", program], files);
    expect(await parent.exited).toEqual({ code: null, signal: "SIGKILL" });
    const pid = Number(await readFile(files.stdoutFile, "utf8"));
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });
});

describe("runGuarded()", () => {
  it("names the exit code and the last lines of a program that fails", async () => {
    const run = runGuarded("sh", ["-c", "echo no luck >&2; exit 3"], { stderrFile: join(home, "a"), timeoutMs: 5_000 });
    await expect(run).rejects.toThrow(/code 3; its last lines:\nno luck/);
  });

  it("kills a program that takes too long", async () => {
    const run = runGuarded("sleep", ["60"], { stderrFile: join(home, "b"), timeoutMs: 100 });
    await expect(run).rejects.toThrow("did not end within 100 ms");
  });
});

/** A killed orphan may stay a zombie where nothing reaps it; that is not running. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return status !== "" && !/\) [ZX] /.test(status);
}

async function produceOne(brokers: string, topic: string): Promise<void> {
  const producer = kafkajsFor(brokers).producer({ allowAutoTopicCreation: true });
  await producer.connect();
  await producer.send({ topic, messages: [{ value: "one" }] });
  await producer.disconnect();
}

async function endOffsets(brokers: string, topic: string): Promise<number[]> {
  const admin = kafkajsFor(brokers).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.map(({ high }) => Number(high));
}
