import { Command } from "commander";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { errorCodes, MillraceError } from "../core/errors.ts";
import type { Intent } from "../core/partition-offsets.ts";
import { encodeIntents } from "../ingest/commit/intents.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { commitOffsets } from "../operate/offsets/commit-offsets.ts";
import { startReconciliation } from "../operate/reconcile/reconciliation-timer.ts";
import { buildPlans } from "../run/plans.ts";
import { eventsPipeline } from "../schema/events-pipeline.ts";
import { brokersToTest, type IngestServers } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";
import { addLagCommand } from "./lag.ts";
import { addOffsetsCommand } from "./offsets.ts";
import { addReconcileCommand } from "./reconcile.ts";

/** `millrace reconcile` and `millrace offsets` with a broker and the real engine. Rows are put into the tables by SQL. */

const group = "millrace.events";
const topic = "logs.auth";

describe.each(await brokersToTest())("operating commands with %s", (name, startServers) => {
  let servers: IngestServers;
  let kafka: Kafka;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    servers = await startServers();
    kafka = new Kafka({ brokers: [servers.brokers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect(), migrate(servers.client)]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    await produce(topic, 0, 1_000);
    await produce(topic, 1, 500);
    await facts(0, 0, 600);
    await facts(1, 0, 500);
    await set(600, 500);
  });

  afterAll(async () => {
    await Promise.allSettled([producer?.disconnect(), admin?.disconnect()]);
    await servers?.close();
  });

  async function produce(to: string, partition: number, count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => ({ value: "{}", partition }));
    await producer.send({ topic: to, messages });
  }

  async function sql(query: string): Promise<void> {
    await servers.client.command({ query, clickhouse_settings: { mutations_sync: "2" } });
  }

  async function facts(partition: number, first: number, end: number): Promise<void> {
    await sql(`INSERT INTO analytics.fact_event (event_ts, ingest_ts, processed_ts, service, topic, kafka_partition, kafka_offset)
      SELECT now64(3), now64(3), now64(3), 'auth', '${topic}', ${partition}, number + ${first} FROM numbers(${end - first})`);
  }

  async function set(first: number, second: number): Promise<void> {
    const offsets = [first, second].map((offset, partition) => ({ partition, offset }));
    await commitOffsets({ brokers: [servers.brokers], logLevel: logLevel.NOTHING }, group, topic, offsets);
  }

  /** The command in this process: some thirty runs, and a process takes longer to begin than the command to end. */
  async function millrace(...args: string[]) {
    const program = new Command().exitOverride();
    const environment = readEnvironment({ ...servers.env, MILLRACE_LOG_LEVEL: "silent" });
    addLagCommand(program, environment);
    addOffsetsCommand(program, environment);
    addReconcileCommand(program, environment);
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    let failure: MillraceError | undefined;
    try {
      await program.parseAsync(args, { from: "user" });
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      failure = error;
    }
    const stdout = print.mock.calls.flat().join("\n");
    print.mockRestore();
    const code = failure === undefined ? 0 : errorCodes[failure.code].exit;
    const json = stdout.startsWith("{") ? JSON.parse(stdout) : undefined;
    return { stdout, stderr: failure?.message ?? "", code, json };
  }

  /** A member of the group while `work` runs. */
  async function asMember<T>(work: (commit: (offset: number, metadata: string) => Promise<void>) => Promise<T>) {
    const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await joined;
    try {
      return await work((offset, metadata) =>
        consumer.commitOffsets([{ topic, partition: 0, offset: String(offset), metadata }]),
      );
    } finally {
      await consumer.disconnect();
    }
  }

  const reset = (...args: string[]) =>
    millrace("offsets", "reset", "--group", group, "--topic", topic, "--json", ...args);

  it("reconciles a complete group with exit code 0, up to what is committed", async () => {
    const run = await millrace("reconcile", "--json");
    expect([run.stderr, run.code]).toEqual(["", 0]);
    expect(run.json.total).toMatchObject({ expected: 1_100, stored: 1_100, gaps: 0, missing: 0, duplicate: 0 });
    const later = await millrace("reconcile", "--json", "--since", new Date(Date.now() + 3_600_000).toISOString());
    expect([later.stderr, later.code, later.json.total.expected]).toEqual(["", 0, 0]);
  });

  it("exits 1 and names the spans when rows are missing or doubled", async () => {
    await sql("ALTER TABLE analytics.fact_event DELETE WHERE kafka_partition = 1 AND kafka_offset BETWEEN 10 AND 19");
    await facts(0, 5, 7);
    const run = await runMillrace(["reconcile"], servers.env);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("10 records missing, 2 rows doubled");
    expect(run.stdout).toContain(`duplicate ${topic}:0 offsets 5-6 (2)`);
    expect(run.stdout).toContain(`missing ${topic}:1 offsets 10-19 (10)`);
    await sql("ALTER TABLE analytics.fact_event DELETE WHERE kafka_partition = 0 AND kafka_offset IN (5, 6)");
    await facts(0, 5, 7);
    await facts(1, 10, 20);
  });

  it("finds the same in the periodic check, once for good and in the log", async () => {
    const plans = await buildPlans(servers.client, [{ ...eventsPipeline, topics: [topic] }]);
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: "error" }, { write: (text: string) => lines.push(JSON.parse(text)) });
    const periodic = startReconciliation({ admin, client: servers.client, plans, origin: { cluster: "", group }, log });
    await periodic.check();
    expect(periodic.figures).toMatchObject({ checks: 1, failures: 0, checkedOffsets: 0, missing: 0, duplicate: 0 });
    await facts(0, 600, 700);
    await facts(0, 650, 651);
    await sql("ALTER TABLE analytics.fact_event DELETE WHERE kafka_partition = 0 AND kafka_offset BETWEEN 660 AND 662");
    await set(700, 500);
    for (const settled of [false, true, true]) {
      await periodic.check();
      expect([settled, periodic.figures]).toMatchObject([settled, { checkedOffsets: 100, missing: 3, duplicate: 1 }]);
    }
    await periodic.stop();
    expect(periodic.figures).toMatchObject({ checks: 4, checkedTo: { [`${topic}:0`]: 700, [`${topic}:1`]: 500 } });
    const spans = [
      { kind: "duplicate", first: 650, last: 650 },
      { kind: "missing", first: 660, last: 662 },
    ];
    // Once when the offsets are fresh, once when they are settled.
    expect(lines.map((line) => line.spans)).toEqual([spans, spans]);
    await sql("ALTER TABLE analytics.fact_event DELETE WHERE kafka_partition = 0 AND kafka_offset >= 600");
    await set(600, 500);
  });

  it("shows where the group stands, ranges in flight decoded, and foreign metadata as it is", async () => {
    const intents: Intent[] = [
      { firstOffset: 600, lastOffset: 649, judgedMs: 1 },
      { firstOffset: 650, lastOffset: 699, judgedMs: 2, isStored: true },
    ];
    await asMember((commit) => commit(600, encodeIntents(intents)));
    const run = await millrace("offsets", "show", "--json");
    expect([run.stderr, run.code]).toEqual(["", 0]);
    expect(run.json).toMatchObject({ group, state: "Empty", members: 0 });
    expect(run.json.partitions).toMatchObject([
      { topic, partition: 0, logStart: 0, logEnd: 1_000, committed: 600, lag: 400, lost: 0, intents },
      { topic, partition: 1, logEnd: 500, committed: 500, lag: 0, intents: [] },
    ]);
    expect((await millrace("offsets", "show")).stdout).toContain("600-699 (2 ranges, 1 stored)");
    await asMember((commit) => commit(600, "something else"));
    expect((await millrace("offsets", "show")).stdout).toContain('unreadable: "something else"');
  });

  it("tells the lag of the topics that the group has committed, and of no others", async () => {
    const { json } = await millrace("lag", "--json");
    expect(json.totalLag).toBe(400);
    expect(new Set(json.partitions.map((partition: { topic: string }) => partition.topic))).toEqual(new Set([topic]));
    const unknown = await millrace("lag", "--group", "nobody");
    expect([unknown.code, unknown.stdout]).toEqual([1, ""]);
    expect(unknown.stderr).toContain("Group nobody has committed no offset: check --group, or name --topic");
  });

  it("does not reset while the group is in use, over ranges in flight, or without being told to", async () => {
    const inUse = await asMember(() => reset("--to", "latest", "--yes", "--discard-intents"));
    expect([inUse.code, inUse.stderr]).toEqual([1, expect.stringContaining(`Group ${group} is in use`)]);
    const inFlight = await reset("--to", "latest", "--yes");
    expect([inFlight.code, inFlight.stderr]).toEqual([1, expect.stringContaining("names ranges in flight")]);
    const unsure = await reset("--to", "latest", "--discard-intents");
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining("--yes makes the change")]);
    const shown = await millrace("offsets", "show", "--json");
    expect(shown.json.partitions[0]).toMatchObject({ committed: 600, metadata: "something else" });
  });

  it("resets forwards and notes what it skipped, so that nothing is missed", async () => {
    const dry = await reset("--to", "+100", "--partition", "0", "--discard-intents", "--dry-run");
    const move = { topic, partition: 0, committed: 600, from: 600, to: 700, skipped: 100, again: 0, storedRows: 0 };
    expect([dry.code, dry.json]).toEqual([0, { group, dryRun: true, faults: [], partitions: [move] }]);
    const run = await reset("--to", "+100", "--partition", "0", "--discard-intents", "--yes");
    expect([run.stderr, run.code]).toEqual(["", 0]);
    const shown = await millrace("offsets", "show", "--json");
    expect(shown.json.partitions[0]).toMatchObject({ committed: 700, metadata: "", intents: [] });
    expect(shown.json.partitions[1]).toMatchObject({ committed: 500 });
    const reconciled = await millrace("reconcile", "--json");
    expect(reconciled.code).toBe(0);
    expect(reconciled.json.total).toMatchObject({ expected: 1_200, stored: 1_100, gaps: 100, missing: 0 });
  });

  it("resets backwards into an empty range, and refuses where rows would be doubled until they are gone", async () => {
    const empty = await reset("--to", "600", "--partition", "0", "--yes");
    expect([empty.stderr, empty.code, empty.json.partitions[0].again]).toEqual(["", 0, 100]);
    const refused = await reset("--to", "-50", "--partition", "0", "--yes");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("50 rows of these offsets are stored already and would be doubled");
    const statements = refused.stderr.match(/ALTER TABLE \S+ DELETE [^;]+/g)!;
    expect(statements).toHaveLength(2);
    for (const statement of statements) await sql(statement);
    const allowed = await reset("--to", "-50", "--partition", "0", "--yes");
    expect([allowed.stderr, allowed.code]).toEqual(["", 0]);
    const reconciled = await millrace("reconcile", "--json");
    expect(reconciled.json.total).toMatchObject({ expected: 1_050, stored: 1_050, missing: 0, duplicate: 0 });
  });

  it("refuses a topic, a pipeline or a time that it does not know", async () => {
    const absent = await reset("--to", "latest", "--topic", "logs.absent");
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining("--topic logs.absent: not read by")]);
    const time = await reset("--to", "yesterday");
    expect([time.code, time.stderr]).toEqual([2, expect.stringContaining("--to yesterday")]);
    const since = await millrace("reconcile", "--since", "soon");
    expect([since.code, since.stderr]).toEqual([2, expect.stringContaining("--since soon")]);
    const other = await millrace("reconcile", "--group", "nobody");
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("Group nobody has committed nothing")]);
  });

  if (name === "Apache Kafka") {
    it("knows the offsets that transactions take without a record, as the ingester noted them", async () => {
      await sql("CREATE DATABASE IF NOT EXISTS net");
      await sql(`CREATE TABLE net.tx (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`);
      await admin.createTopics({ topics: [{ topic: "tx", numPartitions: 1 }] });
      const transactional = kafka.producer({ transactionalId: "t", idempotent: true, maxInFlightRequests: 1 });
      await transactional.connect();
      for (const [index, ending] of (["commit", "abort", "commit", "commit"] as const).entries()) {
        const transaction = await transactional.transaction();
        const messages = Array.from({ length: 5 }, (_, id) => ({ value: `{"id":${index * 10 + id}}` }));
        await transaction.send({ topic: "tx", messages });
        await transaction[ending]();
      }
      await transactional.disconnect();
      const tables = ["--topic", "tx", "--table", "net.tx"];
      const run = await runMillrace(["start", ...tables, "--until-end", "--json"], servers.env);
      expect([run.stderr, run.code]).toEqual(["", 0]);
      // Three transactions of five records; one aborted; each ends with a control record.
      const reconciled = await millrace("reconcile", ...tables, "--json");
      expect([reconciled.stderr, reconciled.code]).toEqual(["", 0]);
      expect(reconciled.json.total).toMatchObject({ expected: 24, stored: 15, gaps: 9, missing: 0, duplicate: 0 });
    });

    it("counts records that retention deleted unread as lost", async () => {
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "800" }] });
      const shown = await millrace("offsets", "show", "--json");
      expect(shown.json.partitions[0]).toMatchObject({ logStart: 800, committed: 550, lost: 250, lag: 200 });
      const run = await reset("--to", "0", "--partition", "0", "--yes");
      expect([run.stderr, run.code, run.json.partitions[0]]).toEqual(["", 0, expect.objectContaining({ to: 800 })]);
    });
  }
});
