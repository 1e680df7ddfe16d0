import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];

/** A start that joins only when the set-up is examined is waited for so long. */
const EXAMINATION_MS_MAX = 20_000;
/** A member that does not wait for the examination has inserted by then. */
const AFTER_JOIN_MS = 1_000;

/**
 * Hands requests on to ClickHouse; the one that only the doctor sends waits until the group has been joined for a while.
 * `at` has when what came.
 */
async function startSlowExaminer(
  target: string,
  admin: Admin,
  groupId: string,
): Promise<{ url: string; at: Map<string, number>; close(): void }> {
  const at = new Map<string, number>();
  const isJoined = () =>
    admin.describeGroups([groupId]).then(
      ({ groups }) => groups[0]?.state === "Stable",
      () => false,
    );
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const sql = `${new URL(incoming.url ?? "/", target).searchParams.get("query") ?? ""}${body.toString("latin1")}`;
    if (sql.includes("FROM system.settings WHERE name IN (")) {
      const endMs = performance.now() + EXAMINATION_MS_MAX;
      while (performance.now() < endMs && !(await isJoined())) await sleep(50);
      if (performance.now() < endMs) at.set("joined", performance.now());
      await sleep(AFTER_JOIN_MS);
      at.set("examined", performance.now());
    }
    if (/INSERT INTO net\.dns\b/.test(sql)) at.set("inserted", performance.now());
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
  return { url, at, close: () => server.close().closeAllConnections() };
}

describe("the way to the first row", () => {
  let servers: IngestServers;
  let kafka: KafkaClients;

  beforeAll(async () => {
    servers = await startServers();
    kafka = await connectKafka(servers.brokers);
    await servers.client.command({ query: "CREATE DATABASE net" });
    for (const [table, window] of [
      ["dns", 1000],
      ["weak", 0],
    ]) {
      await servers.client.command({
        query: `CREATE TABLE net.${table} (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
          ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = ${window}`,
      });
    }
    await kafka.admin.createTopics({ topics: [{ topic: "dns", numPartitions: 1 }] });
    await kafka.producer.send({ topic: "dns", messages: [{ value: `{"id":1}` }] });
  });

  afterAll(async () => {
    await kafka.close();
    await servers.close();
  });

  async function rowsOf(table: string): Promise<number> {
    return Number((await queryRows<{ n: string }>(servers.client, `SELECT count() AS n FROM net.${table}`))[0]!.n);
  }

  it("joins the group while the set-up is examined, and inserts only when the answer is in", async () => {
    const slow = await startSlowExaminer(servers.env.CLICKHOUSE_URL, kafka.admin, "watched");
    const args = ["start", "--topic", "dns", "--table", "net.dns", "--group", "watched", "--until-end", "--json"];
    const run = await runMillrace(args, { ...servers.env, CLICKHOUSE_URL: slow.url });
    slow.close();
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ stored: 1, missing: 0 });
    expect(slow.at.get("joined")).toBeLessThan(slow.at.get("examined")!);
    expect(slow.at.get("inserted")).toBeGreaterThanOrEqual(slow.at.get("examined")!);
  }, 60_000);

  it("stores nothing, and is not noted as a writer, where less is given than --require asks for", async () => {
    const weak = ["--topic", "dns", "--table", "net.weak", "--group", "weak"];
    const args = ["start", ...weak, "--require", "exactly-once", "--until-end"];
    const slow = await startSlowExaminer(servers.env.CLICKHOUSE_URL, kafka.admin, "weak");
    const run = await runMillrace(args, { ...servers.env, CLICKHOUSE_URL: slow.url });
    slow.close();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("exactly-once");
    expect(slow.at.get("joined")).toBeLessThan(slow.at.get("examined")!);
    expect(await rowsOf("weak")).toBe(0);
    const noted = "SELECT pipeline FROM analytics.millrace_writers WHERE target_table = 'net.weak'";
    const answer = await servers.client.query({ query: noted, format: "JSONEachRow" });
    expect(await answer.json()).toEqual([]);
  }, 60_000);
});
