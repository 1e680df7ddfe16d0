import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { parseStartArguments } from "../config/start-options.ts";
import type { RunFace } from "../run/run-face.ts";
import { runIngester } from "../run/run-ingester.ts";
import { createLog } from "../telemetry/log.ts";
import { parseExposition } from "../telemetry/testing/exposition.ts";
import { startTcpProxy, type TcpProxy } from "../testing/chaos/tcp-proxy.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../testing/ingest-servers.ts";
import { type IngesterServer, openIngesterServer } from "./ingester-server.ts";
import { checkAnswers } from "./testing/check-answers.ts";

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];
let servers: IngestServers;
let clickHouse: TcpProxy;
let kafka: KafkaClients;
let server: IngesterServer;

beforeAll(async () => {
  servers = await startServers();
  clickHouse = await startTcpProxy(Number(new URL(servers.env.CLICKHOUSE_URL).port));
  kafka = await connectKafka(servers.brokers);
  await kafka.admin.createTopics({ topics: [{ topic: "probed", numPartitions: 2 }] });
  await servers.client.command({ query: "CREATE DATABASE probes" });
  await servers.client.command({
    query: `CREATE TABLE probes.rows (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
      ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
  });
  server = await openIngesterServer({ port: 0, address: "127.0.0.1", token: undefined }, "1.2.3");
}, 90_000);

afterAll(async () => {
  await server?.close();
  await kafka?.close();
  await clickHouse?.close();
  await servers?.close();
});

const get = (path: string) => fetch(`${server.url}${path}`);

/** Polls: what is waited for comes as soon as the machine can, and the test's own time-out is its bound. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(100);
}

const readiness = async () => {
  const answer = await get("/readyz");
  const { reasons = [] } = (await answer.json()) as { reasons?: { code: string; text: string }[] };
  return { status: answer.status, codes: reasons.map(({ code }) => code) };
};

async function scrape(): Promise<(sample: string) => number | undefined> {
  const metrics = parseExposition(await (await get("/metrics")).text());
  return (sample) => metrics.get(sample.split("{")[0]!.replace(/_count$/, ""))?.samples.get(sample);
}

const isStored = (count: number) => async () => (await scrape())("millrace_stored_rows_total") === count;

function send(...values: string[]) {
  return kafka.producer.send({ topic: "probed", messages: values.map((value) => ({ value })) });
}

it("shows a run as it is: probes, status and metrics, with ClickHouse away, and as the end report has it", async () => {
  let ask = (_reason: string) => {};
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  const face: RunFace = {
    starting: () => () => {},
    serversReady() {},
    running(run) {
      server.attach(run);
      return () => server.ending("the end of the test");
    },
    stopping: (reason) => server.ending(reason),
    reported() {},
  };
  expect(await readiness()).toEqual({ status: 503, codes: ["starting"] });
  const options = parseStartArguments({
    ...{ profile: "low", topic: ["probed"], table: "probes.rows", group: "probes", from: "earliest" },
    ...{ pipelines: "ops/pipelines", simulator: false },
  });
  const environment = readEnvironment({ ...servers.env, CLICKHOUSE_URL: `http://127.0.0.1:${clickHouse.port}` });
  const running = runIngester({ environment, options, log: createLog("silent"), asked, face });
  await send('{"id":1}', '{"id":2}', "no JSON");
  await until(isStored(2));
  await until(async () => (await readiness()).status === 200);
  await until(async () => Object.values(await checkAnswers(get)).every((status) => status === 200));

  clickHouse.setRefusing(true);
  clickHouse.resetAll();
  await send('{"id":3}');
  const isClickHouseAway = (code: string) => code === "clickhouse_silent" || code === "table_stalled";
  await until(async () => (await readiness()).codes.some(isClickHouseAway));
  expect((await get("/healthz")).status).toBe(200);
  const status = await (await get("/api/status")).json();
  expect(status).toMatchObject({ version: "1.2.3", phase: "running", ready: false, run: { stored: 2, dead: 1 } });

  await until(async () => (await scrape())("millrace_insert_repeats_total")! > 0);
  clickHouse.setRefusing(false);
  await until(isStored(3));
  await until(async () => (await readiness()).status === 200);
  const isRead = (sample: (name: string) => number | undefined) =>
    ["0", "1"].every((partition) => sample(`millrace_lag_records{topic="probed",partition="${partition}"}`) === 0);
  await until(async () => isRead(await scrape()));
  const sample = await scrape();
  ask("the button");
  const end = await running;
  expect(await readiness()).toMatchObject({ status: 503, codes: ["stopping"] });
  if (end.kind !== "reported") throw new Error("no report");
  const { report } = end;
  expect(report).toMatchObject({ stored: 3, dead: 1, missing: 0, duplicate: 0 });
  expect(sample("millrace_stored_rows_total")).toBe(report.stored);
  expect(sample('millrace_dead_letters_total{reason="json_syntax"}')).toBe(report.deadByType.json_syntax);
  expect(sample("millrace_inserted_ranges_total")).toBe(report.counts.insertedRanges);
  expect(sample("millrace_insert_repeats_total")).toBe(report.counts.insertRetries);
  expect(report.counts.insertRetries).toBeGreaterThan(0);
  expect(sample('millrace_insert_rows_total{table="probes.rows"}')).toBe(report.stored);
  expect(sample('millrace_stage_latency_seconds_count{stage="insert"}')).toBe(report.latencyMs.insert.count);
  expect(sample(`millrace_build_info{version="1.2.3",runtime="node",runtime_version="${process.versions.node}"}`)).toBe(
    1,
  );
}, 240_000);
