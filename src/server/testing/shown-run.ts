import { setTimeout as sleep } from "node:timers/promises";
import { readEnvironment } from "../../config/environment.ts";
import { parseStartArguments } from "../../config/start-options.ts";
import type { Run } from "../../run/run.ts";
import type { RunFace } from "../../run/run-face.ts";
import { runIngester } from "../../run/run-ingester.ts";
import { createLog } from "../../telemetry/log.ts";
import { startTcpProxy, type TcpProxy } from "../../testing/chaos/tcp-proxy.ts";
import { brokersToTest, connectKafka } from "../../testing/ingest-servers.ts";
import { type IngesterServer, openIngesterServer } from "../ingester-server.ts";

/** A run in this process that stores rows of a topic, its ClickHouse behind a proxy, with its HTTP server. */
export interface ShownRun {
  server: IngesterServer;
  run: Run;
  clickHouse: TcpProxy;
  send(...values: string[]): Promise<void>;
  /** Until so many rows are stored, and what is to become dead letters is. */
  untilStored(rows: number, dead: number): Promise<void>;
  close(): Promise<void>;
}

const topic = "shown";

export async function startShownRun(): Promise<ShownRun> {
  const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];
  const servers = await startServers();
  const clickHouse = await startTcpProxy(Number(new URL(servers.env.CLICKHOUSE_URL).port));
  const kafka = await connectKafka(servers.brokers);
  await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
  await servers.client.command({ query: "CREATE DATABASE shown" });
  await servers.client.command({
    query: `CREATE TABLE shown.rows
      (id UInt64, text String, kafka_topic String, kafka_partition Int32, kafka_offset Int64, kafka_timestamp DateTime64(3))
      ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
  });
  const server = await openIngesterServer({ port: 0, address: "127.0.0.1", token: undefined }, "1.2.3");
  const { promise: begun, resolve: begin } = Promise.withResolvers<Run>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<string>();
  const face: RunFace = {
    starting: () => () => {},
    serversReady() {},
    running(run) {
      server.attach(run);
      begin(run);
      return () => server.ending("the end of the test");
    },
    stopping: (reason) => server.ending(reason),
    reported() {},
  };
  const running = runIngester({
    environment: readEnvironment({ ...servers.env, CLICKHOUSE_URL: `http://127.0.0.1:${clickHouse.port}` }),
    options: parseStartArguments({
      ...{ profile: "mid", topic: [topic], table: "shown.rows", group: "shown", from: "earliest" },
      ...{ pipelines: "ops/pipelines", simulator: false },
    }),
    ...{ log: createLog("silent"), asked, face },
  });
  const run = await Promise.race([begun, running.then(() => Promise.reject(new Error("the run ended")))]);
  return {
    ...{ server, run, clickHouse },
    async send(...values) {
      await kafka.producer.send({ topic, messages: values.map((value) => ({ value })) });
    },
    async untilStored(rows, dead) {
      const { counters } = run.pipeline;
      while (counters.stored < rows || counters.dead < dead) await sleep(50);
    },
    async close() {
      ask("the test is over");
      await running;
      await server.close();
      await kafka.close();
      await clickHouse.close();
      await servers.close();
    },
  };
}
