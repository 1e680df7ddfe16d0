import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { brokersToTest, connectKafka } from "../testing/ingest-servers.ts";
import { millraceEntry, runMillrace } from "../testing/run-millrace.ts";

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];

/** `STOP_MS` of dlq.ts, and what a busy machine adds. */
const STOP_MS_MAX = 13_000;

/** Hands requests on to ClickHouse and never answers inserts: `held` resolves when the first has come. */
async function startSilentForInserts(target: string): Promise<{ url: string; held: Promise<void>; close(): void }> {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const inUrl = new URL(incoming.url ?? "/", target).searchParams.get("query") ?? "";
    if (/^\s*INSERT INTO/.test(inUrl === "" ? body.toString("latin1") : inUrl)) return resolve();
    const { method, url, headers } = incoming;
    const forwarded = send(new URL(url ?? "/", target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    forwarded.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, held, close: () => server.close().closeAllConnections() };
}

it("dlq replay ends within its time when ClickHouse does not answer, and says what the next one does", async () => {
  const servers = await startServers();
  const kafka = await connectKafka(servers.brokers);
  try {
    await servers.client.command({ query: "CREATE DATABASE t" });
    await servers.client.command({
      query: `CREATE TABLE t.a (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY kafka_offset SETTINGS non_replicated_deduplication_window = 1000`,
    });
    await kafka.admin.createTopics({ topics: [{ topic: "a", numPartitions: 1 }] });
    await kafka.producer.send({ topic: "a", messages: [{ value: `{"id":1}` }, { value: `{"id":"none"}` }] });
    const stored = await runMillrace(["start", "--topic", "a", "--table", "t.a", "--until-end"], servers.env);
    expect(stored.code, stored.stderr).toBe(0);
    await servers.client.command({ query: "ALTER TABLE t.a MODIFY COLUMN id String" });
    const silent = await startSilentForInserts(servers.env.CLICKHOUSE_URL);
    const child = spawn(process.execPath, [millraceEntry, "dlq", "replay", "--table", "t.a", "--yes"], {
      env: { ...process.env, ...servers.env, CLICKHOUSE_URL: silent.url },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    await silent.held;
    const sentMs = performance.now();
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    silent.close();
    expect(performance.now() - sentMs).toBeLessThan(STOP_MS_MAX);
    expect(code).toBe(1);
    expect(errors).toContain("The next start takes up what was under way");
  } finally {
    await kafka.close();
    await servers.close();
  }
}, 90_000);
