import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { commitAs } from "../../testing/commit-as.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** A topic that was deleted and made anew, with fewer records than the group has read. */

describe.each(await brokersToTest())("a group that stands beyond the end of a log of %s", (_name, startServers) => {
  let servers: IngestServers;
  let clients: KafkaClients;
  const target = ["--topic", "anew", "--table", "d.anew", "--group", "g"];
  const start = () => runMillrace(["start", ...target, "--until-end", "--json"], servers.env);

  beforeAll(async () => {
    servers = await startServers();
    clients = await connectKafka(servers.brokers);
    await servers.client.command({ query: "CREATE DATABASE d" });
    await servers.client.command({
      query: `CREATE TABLE d.anew (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
    });
  });

  afterAll(async () => {
    await clients?.close();
    await servers.close();
  });

  async function fill(first: number, count: number): Promise<void> {
    // Refused while a topic of that name is being deleted.
    const topics = [{ topic: "anew", numPartitions: 1 }];
    while (!(await clients.admin.createTopics({ topics, waitForLeaders: true }))) await sleep(50);
    const messages = Array.from({ length: count }, (_, index) => ({ value: `{"id":${first + index}}` }));
    await clients.producer.send({ topic: "anew", messages });
  }

  it.concurrent("stops, and each remedy that it names keeps every record once", async () => {
    await fill(0, 100);
    expect((await start()).code).toBe(0);
    await clients.admin.deleteTopics({ topics: ["anew"] });
    await fill(1_000, 20);
    // Kafka forgets the offsets of a topic that is deleted; a member that was reading meanwhile commits its own once more.
    await commitAs(servers.brokers, "g", [{ topic: "anew", partition: 0, offset: 100, metadata: "" }]);
    const stopped = await start();
    expect([stopped.code, stopped.stdout]).toEqual([1, ""]);
    expect(stopped.stderr).toContain("anew:0: the group has committed offset 100, but the log ends at 20.");
    expect(stopped.stderr).toContain("Check KAFKA_BROKERS");

    // The old rows are needed: a table and a group of its own.
    await servers.client.command({ query: "CREATE TABLE d.own AS d.anew" });
    const own = ["--topic", "anew", "--table", "d.own", "--group", "h", "--until-end", "--json"];
    const beside = await runMillrace(["start", ...own], servers.env);
    expect(JSON.parse(beside.stdout)).toMatchObject({ stored: 20, missing: 0, duplicate: 0 });

    // They are not: the statements as they are printed.
    const truncate = /TRUNCATE TABLE d\.anew/.exec(stopped.stderr)![0];
    const [, reset] = /millrace (offsets reset --group \S+ --topic \S+ --to earliest)/.exec(stopped.stderr)!;
    const early = await runMillrace([...reset!.split(" "), "--table", "d.anew", "--yes"], servers.env);
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("are stored already and would be doubled")]);
    await servers.client.command({ query: truncate });
    const done = await runMillrace([...reset!.split(" "), "--table", "d.anew", "--yes"], servers.env);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    const again = await start();
    expect([again.stderr, again.code]).toEqual(["", 0]);
    expect(JSON.parse(again.stdout)).toMatchObject({ stored: 20, missing: 0, duplicate: 0 });
    const query = "SELECT toUInt32(min(id)) AS least, toUInt32(count()) AS n FROM d.anew";
    expect(await queryRows(servers.client, query)).toEqual([{ least: 1_000, n: 20 }]);
  }, 120_000);

  it.concurrent("stops its own pipeline only", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-beyond-"));
    for (const name of ["broken", "whole"]) {
      await writeFile(
        join(folder, `${name}.yaml`),
        `name: ${name}\ntopics: [${name}]\ncodec: json\ntable: d.${name}\n`,
      );
      await servers.client.command({ query: `CREATE TABLE d.${name} AS d.anew` });
      await clients.admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
      await clients.producer.send({ topic: name, messages: [{ value: `{"id":1}` }] });
    }
    await commitAs(servers.brokers, "two", [{ topic: "broken", partition: 0, offset: 100, metadata: "" }]);
    const args = ["--pipelines", folder, "--pipeline", "broken", "whole", "--group", "two", "--until-end", "--json"];
    const { code, stdout, stderr } = await runMillrace(["start", ...args], servers.env);
    await rm(folder, { recursive: true });
    expect(stderr).toContain("broken:0: the group has committed offset 100, but the log ends at 1.");
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { stored: 1, stopped: [{ pipeline: "broken" }] }]);
  }, 120_000);
});
