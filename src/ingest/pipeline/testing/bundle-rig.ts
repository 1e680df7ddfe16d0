import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Admin } from "kafkajs";
import { queryRows } from "../../../clients/clickhouse/query-rows.ts";
import type { StartArguments } from "../../../config/start-options.ts";
import type { CommitOffset } from "../../../core/partition-offsets.ts";
import type { PartitionRange } from "../../../core/topic-partition.ts";
import { migrate } from "../../../operate/migrations/migrate.ts";
import { commitAs } from "../../../testing/commit-as.ts";
import { type IngestServers, quietKafka } from "../../../testing/ingest-servers.ts";
import type { MillraceRun } from "../../../testing/run-millrace.ts";
import { bundleIdOf } from "../../commit/bundle-id.ts";
import { ORDERS_VARIABLE, type Orders } from "./orders.ts";

const entry = fileURLToPath(new URL("./start-with-orders.ts", import.meta.url));
/** Each question to Kafka is a connection of its own, and many ask at the same time. */
const UNTIL_INTERVAL_MS = 250;
export const coordinatesSql = "kafka_topic String, kafka_partition Int32, kafka_offset Int64";

/** A run, with the report that it printed; undefined where there is none. */
export interface OrderedRun extends MillraceRun {
  // biome-ignore lint/suspicious/noExplicitAny: the report as it was printed
  report: any;
}

export interface StartTerms {
  orders?: Orders;
  more?: Partial<StartArguments>;
  env?: Record<string, string>;
  /** SIGTERM is sent when it resolves; without it the run goes until the end of its topics. */
  stopWhen?: Promise<unknown>;
}

/** Servers, and `millrace start` that stops or kills itself: for tests of what becomes of bundles. */
export class BundleRig {
  readonly servers: IngestServers;
  readonly #children = new Set<ReturnType<typeof spawn>>();

  private constructor(servers: IngestServers) {
    this.servers = servers;
  }

  static async open(startServers: () => Promise<IngestServers>): Promise<BundleRig> {
    const servers = await startServers();
    await servers.client.command({ query: "CREATE DATABASE b" });
    await migrate(servers.client);
    return new BundleRig(servers);
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await this.servers.close();
  }

  /** Parts are not merged: each insert that writes anything leaves one, and another for each table partition. */
  async createTable(name: string, { columns = `id UInt64, ${coordinatesSql}`, more = "" } = {}): Promise<void> {
    const window = "SETTINGS non_replicated_deduplication_window = 10000";
    await this.run(`CREATE TABLE b.${name} (${columns}) ENGINE = MergeTree ${more} ORDER BY id ${window}`);
    await this.run(`SYSTEM STOP MERGES b.${name}`);
  }

  /** A topic with `count` records in each partition: `{"id":…}`, or what `textOf` says. */
  async fill(topic: string, partitions: number, count: number, textOf = plainText): Promise<void> {
    await this.createTopic(topic, partitions);
    for (let partition = 0; partition < partitions; partition += 1) await this.send(topic, partition, 0, count, textOf);
  }

  async createTopic(topic: string, partitions: number, more: { name: string; value: string }[] = []): Promise<void> {
    const wanted = { topic, numPartitions: partitions, configEntries: more };
    // Brokers are named as leaders before they lead, and answer then.
    await this.admin(async (admin) => {
      await admin.createTopics({ topics: [wanted], waitForLeaders: false });
      await admin.fetchTopicOffsets(topic);
    });
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.admin(async (admin) => {
      if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    });
    await until(`${topic} is gone`, () => this.admin(async (admin) => !(await admin.listTopics()).includes(topic)));
  }

  /**
   * Asks with a client of its own: one that has asked about a topic asks for it ever after, deleted or not. kafkajs asks for
   * all topics first, and fails where another test's is being made or deleted, or a broker does not lead yet: once more then.
   */
  async admin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const endMs = performance.now() + 30_000;
    for (;;) {
      const admin = quietKafka(this.servers.brokers).admin();
      try {
        await admin.connect();
        return await ask(admin);
      } catch (error) {
        if (performance.now() > endMs) throw error;
      } finally {
        await admin.disconnect();
      }
      await sleep(100);
    }
  }

  /** With a producer of its own: one that has sent to a topic once asks for it ever after, and brings it back. */
  async send(topic: string, partition: number, first: number, count: number, textOf = plainText): Promise<void> {
    const messages = Array.from({ length: count }, (_, index) => ({
      partition,
      value: textOf(partition, first + index),
    }));
    const producer = quietKafka(this.servers.brokers).producer();
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  async start(topics: string[], table: string, terms: StartTerms = {}): Promise<OrderedRun> {
    const typed: StartArguments = {
      ...{
        profile: "low",
        vcpus: "1",
        from: "earliest",
        pipelines: "ops/pipelines",
        topic: topics,
        table: `b.${table}`,
      },
      ...{ simulator: false, json: true, untilEnd: terms.stopWhen === undefined, sessionTimeout: "6s", fence: "3s" },
      ...terms.more,
    };
    const env = { ...process.env, MILLRACE_LOG_LEVEL: "info", ...this.servers.env, ...terms.env };
    const child = spawn(process.execPath, [entry, JSON.stringify(typed)], {
      env: { ...env, [ORDERS_VARIABLE]: JSON.stringify(terms.orders ?? {}) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    void terms.stopWhen?.then(() => child.kill("SIGTERM"));
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]!.setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
      });
    }
    return new Promise((resolve) => {
      child.on("close", (code) => {
        this.#children.delete(child);
        const last = texts.stdout.trimEnd().split("\n").at(-1)!;
        const report = code !== null && last.startsWith("{") ? JSON.parse(last) : undefined;
        resolve({ code, ...texts, report });
      });
    });
  }

  /** Commits as an instance that has ended there: the ranges as one bundle in flight. Returns its id. */
  async leaveBundle(group: string, members: PartitionRange[], judgedMs = Date.now()): Promise<string> {
    const id = bundleIdOf(members, judgedMs);
    await this.commit(
      group,
      members.map(({ topic, partition, firstOffset, lastOffset }) => {
        const metadata = `m3 ${firstOffset}-${lastOffset}@${judgedMs}#${id}.${members.length}`;
        return { topic, partition, offset: firstOffset, metadata };
      }),
    );
    return id;
  }

  commit(group: string, offsets: CommitOffset[]): Promise<void> {
    return commitAs(this.servers.brokers, group, offsets);
  }

  /** By partition: what the group has committed. */
  async committed(group: string, topics: string[]): Promise<Map<string, { offset: number; metadata: string }>> {
    const found = await this.admin((admin) => admin.fetchOffsets({ groupId: group, topics }));
    return new Map(
      found.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset, metadata }) => [
          `${topic}:${partition}`,
          { offset: Number(offset), metadata: metadata ?? "" },
        ]),
      ),
    );
  }

  /** Of a group that is not rebalancing. */
  async memberCount(group: string): Promise<number> {
    const { groups } = await this.admin((admin) => admin.describeGroups([group]));
    return groups[0]!.state === "Stable" ? groups[0]!.members.length : 0;
  }

  /** Whether the group of the table has committed these offsets of the topic's partitions. */
  async isCommitted(table: string, topic: string, ends: readonly number[]): Promise<boolean> {
    const found = await this.committed(`millrace.b.${table}`, [topic]);
    return ends.every((end, partition) => found.get(`${topic}:${partition}`)?.offset === end);
  }

  /** Inserts that have written something, where an insert is one part. */
  async inserts(table: string): Promise<number> {
    const [database, name] = `b.${table}`.split(".").slice(-2);
    const query = `SELECT toUInt32(count()) AS n FROM system.parts WHERE active AND database = '${database}' AND table = '${name}'`;
    return (await this.rows<{ n: number }>(query))[0]!.n;
  }

  rows<Row>(query: string): Promise<Row[]> {
    return queryRows<Row>(this.servers.client, query);
  }

  async run(query: string): Promise<void> {
    await this.servers.client.command({ query });
  }
}

const plainText = (partition: number, offset: number) => `{"id":${partition * 1_000_000 + offset}}`;

export async function until(what: string, isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(UNTIL_INTERVAL_MS);
  }
}
