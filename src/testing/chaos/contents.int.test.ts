import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { startEngine, type TestEngine } from "../../ingest/sink/testing/engine.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { connectKafka, type KafkaClients } from "../ingest-servers.ts";
import { hasKcat } from "../kcat.ts";
import { judgeContents } from "./contents.ts";

/** Rows with wrong values under right coordinates, planted by SQL. */

const facts = "analytics.fact_event";
const topic = "logs.auth";

describe.skipIf(!hasKcat())("judgeContents()", () => {
  let folder: string;
  let engine: TestEngine;
  let broker: Awaited<ReturnType<typeof startKafkaBroker>>;
  let clients: KafkaClients;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-contents-"));
    broker = await startKafkaBroker({ port: 0, dataDir: folder });
    engine = await startEngine();
    await migrate(engine.client);
    clients = await connectKafka(`127.0.0.1:${broker.port}`);
    await clients.admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    const values = Array.from({ length: 100 }, (_, id) =>
      JSON.stringify({ event_id: `e${id}`, path: "a\nb", duration_ms: id }),
    );
    values.push(JSON.stringify(JSON.stringify({ event_id: "e100" })), "no document");
    await clients.producer.send({ topic, messages: values.map((value) => ({ value })) });
  });
  afterAll(async () => {
    await clients.close();
    await engine.close();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });
  /** The rows of all records; the SQL says what is planted. */
  async function fill({ offset = "number", durationMs = "number" } = {}): Promise<void> {
    await engine.run(
      `TRUNCATE TABLE ${facts}`,
      `INSERT INTO ${facts} (event_ts, ingest_ts, processed_ts, event_id, path, duration_ms, topic, kafka_partition, kafka_offset)
       SELECT now64(3), now64(3), now64(3), concat('e', toString(number)), if(number < 100, 'a\nb', ''),
         if(number < 100, ${durationMs}, NULL), '${topic}', 0, ${offset} FROM numbers(101)`,
    );
  }

  const judge = () => judgeContents(engine.client, `127.0.0.1:${broker.port}`, facts, [topic]);

  it("is content with rows that hold what their records say", async () => {
    await fill();
    expect(await judge()).toEqual({ compared: 101, differing: 0, examples: [] });
  });

  it.each([
    ["one wrong value", { durationMs: "if(number = 8, 7, number)" }, 1],
    ["a value that is gone", { durationMs: "if(number = 8, NULL, number)" }, 1],
    ["two rows that have exchanged their records", { offset: "multiIf(number = 1, 90, number = 90, 1, number)" }, 2],
    ["a row of a record that is no document", { offset: "if(number = 8, 101, number)" }, 1],
  ])("sees %s", async (_what, planted, differing) => {
    await fill(planted);
    const verdict = await judge();
    expect([verdict?.compared, verdict?.differing]).toEqual([101, differing]);
    expect(verdict?.examples[0]).toContain("logs.auth:0 offset");
  });
});
