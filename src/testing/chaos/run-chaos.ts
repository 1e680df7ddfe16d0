import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { connectClickHouse } from "../../cli/connect.ts";
import { defaultTopics, ensureTopics } from "../../config/topics.ts";
import { deadLettersPipeline, eventsPipeline } from "../../schema/events-pipeline.ts";
import { migrate } from "../../schema/migrate.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { judgeAcknowledged } from "./acknowledged.ts";
import { judgeAggregates } from "./aggregates.ts";
import { describeFault, type Fault } from "./faults.ts";
import { inflict, type World } from "./inflict.ts";
import { type IngesterSlot, openSlot } from "./ingester-slot.ts";
import { InsertJournal } from "./insert-journal.ts";
import { type Load, startLoad } from "./load.ts";
import { UsageTotal } from "./managed-process.ts";
import { judgeDelivery, type RecordTable } from "./oracle.ts";
import { isCommittedWithin, untilCommitted } from "./progress.ts";
import { type ChaosReport, type FaultRecord, findingsOf } from "./report.ts";
import { makeRunFolder } from "./run-folder.ts";
import { startEmbeddedServer, startRealBroker } from "./servers.ts";
import { forgetTokens, setWindows } from "./tokens.ts";

export interface ChaosOptions {
  seed: number;
  /** In order; see `drawFaults`. */
  faults: Fault[];
  broker: "embedded" | "real";
  eventsPerSecond: number;
  /** Deduplication window of all tables, in inserts; undefined: as migrated. */
  window: number | undefined;
  sessionTimeoutMs: number;
  fenceMs: number;
  /** Keeps data and logs also when all is well. */
  keep: boolean;
  /** Hears a line for each thing that happens. */
  say(line: string): void;
  signal: AbortSignal;
}

const INGESTERS_MAX = 3;
const INGESTERS_AT_START = 2;
const WARM_UP_PATIENCE_MS = 60_000;
/** The last faults may leave dead members in the group and inserts in long pauses between attempts. */
const CATCH_UP_PATIENCE_MS = 90_000;
const GROUP = "millrace.events";

const pipelines = [eventsPipeline, deadLettersPipeline];
const topics = pipelines.flatMap((pipeline) => pipeline.topics);

/** Where the built-in pipelines put records (sql/migrations 0002, 0003). */
const recordTables: RecordTable[] = [eventsPipeline.table, deadLetterTable].map((table) => ({
  table,
  topic: "topic",
  partition: "kafka_partition",
  offset: "kafka_offset",
}));

/** What became of the ingesters. */
interface Lives {
  starts: number;
  killed: number;
  unexpected: string[];
  /** Those that did not leave when asked. */
  stuck: string[];
}

/** Everything a run has started, to be taken down whatever happens. */
interface Rig {
  folder: string;
  world: World;
  client: ClickHouseClient;
  admin: Admin;
  load: Load;
  journal: InsertJournal;
  usage: UsageTotal;
}

/**
 * One chaos run from empty servers to the verdict. Everything lies in a folder of its own, which stays when the verdict
 * is bad.
 *
 * @throws the abort reason of `signal`, and whatever keeps the servers from starting; all processes are gone then.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedMs = Date.now();
  const folder = await makeRunFolder();
  const closers: (() => Promise<unknown>)[] = [];
  const lives: Lives = { starts: 0, killed: 0, unexpected: [], stuck: [] };
  let report: ChaosReport | undefined;
  try {
    const rig = await setUp(options, folder, closers, lives);
    const faults = await inflictAll(rig, options);
    report = await judge(rig, options, faults, lives, startedMs);
    return report;
  } finally {
    for (const close of closers.reverse()) await close().catch((error) => options.say(`while stopping: ${error}`));
    const isGood = report !== undefined && findingsOf(report).length === 0;
    if (options.keep || !(isGood || options.signal.aborted)) options.say(`data and logs: ${folder}`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function setUp(
  options: ChaosOptions,
  folder: string,
  closers: (() => Promise<unknown>)[],
  lives: Lives,
): Promise<Rig> {
  const usage = new UsageTotal();
  const journal = new InsertJournal();
  const { sessionTimeoutMs, fenceMs, say } = options;
  const starting = [
    options.broker === "real" ? startRealBroker(folder, usage) : startEmbeddedServer("kafka", folder, usage),
    startEmbeddedServer("clickhouse", folder, usage),
  ] as const;
  for (const server of starting) {
    closers.push(async () => (await server.catch(() => undefined))?.close());
  }
  const [broker, clickHouse] = await Promise.all(starting);
  const brokers = `127.0.0.1:${broker.port}`;
  const url = `http://127.0.0.1:${clickHouse.port}`;
  const client = connectClickHouse({ url, user: undefined, password: undefined }, 4);
  closers.push(() => client.close());
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } }).admin();
  closers.push(() => admin.disconnect());
  await admin.connect();
  await Promise.all([ensureTopics(admin, defaultTopics), migrate(client)]);
  if (options.window !== undefined) await setWindows(client, options.window);
  const slots: IngesterSlot[] = [];
  for (let index = 1; index <= INGESTERS_MAX; index++) {
    const ports = { kafkaPort: broker.port, clickHousePort: clickHouse.port };
    const slot = await openSlot(
      { index, folder, ...ports, sessionTimeoutMs, fenceMs, journal, usage },
      {
        onStart: () => {
          lives.starts += 1;
        },
        onStuck: (ingester, graceMs) => {
          lives.stuck.push(`ingester ${ingester} had not ended ${graceMs / 1_000} s after SIGTERM`);
        },
        onEnd: (ingester, how, isMeant) => {
          if (how === "SIGKILL") lives.killed += 1;
          if (isMeant) return;
          lives.unexpected.push(`ingester ${ingester} ended by itself: ${how}`);
          say(`         ingester ${ingester} ended by itself: ${how}`);
        },
      },
    );
    closers.push(() => slot.close());
    slots.push(slot);
  }
  const { eventsPerSecond, seed } = options;
  const load = startLoad({ brokers, eventsPerSecond, seed, folder, usage });
  closers.push(async () => load.kill());
  for (const slot of slots.slice(0, INGESTERS_AT_START)) slot.start();
  const world: World = {
    slots,
    broker,
    clickHouse,
    sessionTimeoutMs,
    untilCommitted: (timeoutMs) => isCommittedWithin(admin, { id: GROUP, topics }, timeoutMs),
    forgetTokens: () => forgetTokens(client),
  };
  say(`${broker.name} and ${clickHouse.name} are ready, ${INGESTERS_AT_START} ingesters start`);
  await untilFirstCommit(admin, options.signal);
  return { folder, world, client, admin, load, journal, usage };
}

/** Faults that hit an ingester before it has done anything show nothing. */
async function untilFirstCommit(admin: Admin, signal: AbortSignal): Promise<void> {
  for (const deadlineMs = Date.now() + WARM_UP_PATIENCE_MS; Date.now() < deadlineMs; await sleep(300)) {
    signal.throwIfAborted();
    const committed = await admin.fetchOffsets({ groupId: GROUP, topics }).catch(() => []);
    if (committed.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) > 0))) return;
  }
  throw new Error(`No ingester has committed anything within ${WARM_UP_PATIENCE_MS / 1_000} s: see their logs`);
}

async function inflictAll(rig: Rig, { faults, say, signal }: ChaosOptions): Promise<FaultRecord[]> {
  const startedMs = Date.now();
  const records: FaultRecord[] = [];
  const running = new Set<Promise<void>>();
  const passed = () => `${((Date.now() - startedMs) / 1_000).toFixed(0).padStart(4)} s`;
  for (const [index, fault] of faults.entries()) {
    await sleep(fault.pauseMs, undefined, { signal });
    if (fault.action.kind === "forgotten-zombie") await Promise.all(running);
    const record: FaultRecord = { ...fault, atMs: Date.now(), text: "", isExact: false };
    records.push(record);
    const title = `[${String(index + 1).padStart(3)}/${faults.length}] ${describeFault(fault.action)}`;
    say(`${passed()} ${title}${fault.isOverlapping ? " …" : ""}`);
    const ending = inflict(rig.world, fault).then(
      (outcome) => {
        Object.assign(record, outcome);
        say(`${passed()} [${String(index + 1).padStart(3)}] ${outcome.text}`);
      },
      (error) => {
        record.text = `could not be done: ${error}`;
        say(`${passed()} [${String(index + 1).padStart(3)}] ${record.text}`);
      },
    );
    running.add(ending);
    ending.finally(() => running.delete(ending));
    if (!fault.isOverlapping) await Promise.race([ending, aborted(signal)]);
    signal.throwIfAborted();
  }
  await Promise.all(running);
  return records;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function judge(
  rig: Rig,
  options: ChaosOptions,
  faults: FaultRecord[],
  lives: Lives,
  startedMs: number,
): Promise<ChaosReport> {
  const { client, admin, world, journal, usage } = rig;
  const { say, signal } = options;
  const faultsMs = Date.now() - startedMs;
  const failures: string[] = [];
  say("all faults are over; the load ends");
  const loadReport = await rig.load.finish();
  if (!world.slots.some((slot) => slot.isWanted)) world.slots[0]!.start();
  const group = { id: GROUP, topics };
  const offsets = await untilCommitted(admin, group, CATCH_UP_PATIENCE_MS, (lag) => say(`lag ${lag}`), signal).catch(
    async (error) => {
      signal.throwIfAborted();
      failures.push(error instanceof Error ? error.message : String(error));
      return [];
    },
  );
  // Whatever still lies in an ingester could only be a row too many: it has to be in before the count.
  await Promise.all(world.slots.map((slot) => slot.retire()));
  const logs = await readLogs(admin);
  if (offsets.length > 0 && logs.some(({ topic, partition, end }) => endOf(offsets, topic, partition) !== end)) {
    failures.push("The logs have grown after the load had ended: who else writes into them?");
  }
  say("comparing logs and tables");
  const delivery = await judgeDelivery(client, logs, recordTables);
  const aggregates = await judgeAggregates(client);
  return {
    seed: options.seed,
    broker: options.broker,
    window: options.window,
    folder: rig.folder,
    faults,
    failures: [...failures, ...lives.stuck],
    delivery,
    aggregates,
    brokerFindings: judgeAcknowledged(loadReport.partitions, logs),
    acknowledged: loadReport.partitions
      .filter(({ topic }) => topics.includes(topic))
      .reduce((sum, { count }) => sum + count, 0),
    journal,
    ingesterStarts: lives.starts,
    ingestersKilled: lives.killed,
    endedByThemselves: lives.unexpected,
    serverRestarts: world.broker.starts + world.clickHouse.starts - 2,
    faultSeconds: faultsMs / 1_000,
    wallSeconds: (Date.now() - startedMs) / 1_000,
    cpuSeconds: usage.cpuSeconds + process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  };
}

function endOf(offsets: { topic: string; partition: number; logEnd: number }[], topic: string, partition: number) {
  return offsets.find((bounds) => bounds.topic === topic && bounds.partition === partition)?.logEnd;
}

async function readLogs(admin: Admin) {
  const logs = [];
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      logs.push({ topic, partition, start: Number(low), end: Number(high) });
    }
  }
  return logs;
}
