import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin, KafkaConfig } from "kafkajs";
import type { Logger } from "pino";
import { abortableClient } from "../clients/clickhouse/abortable-client.ts";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { connectAdmin, kafkaConfig, readClusterId } from "../clients/kafka/connect.ts";
import { type PartitionOffsets, readOffsets } from "../clients/kafka/offsets.ts";
import { ensureTopics } from "../clients/kafka/topics.ts";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { defaultTopics } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import { createDeadLetterTopic, type DeadLetterTopic } from "../ingest/dead-letters/topic.ts";
import { createPipeline } from "../ingest/pipeline/pipeline.ts";
import type { Pipeline, PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import type { SetUp } from "../operate/doctor/facts.ts";
import { logReport } from "../operate/doctor/print-report.ts";
import { requireGuarantee, runDoctor } from "../operate/doctor/run-doctor.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { type PeriodicReconciliation, startReconciliation } from "../operate/reconcile/reconciliation-timer.ts";
import type { TablePlan } from "../schema/plan.ts";
import { clickHouseAddress, embeddedServersOf } from "./addresses.ts";
import type { EmbeddedServers } from "./embedded-servers.ts";
import { buildPlans, choosePipelines, eventTablesOf } from "./plans.ts";
import type { Shutdown } from "./shutdown.ts";
import { type SimulatorChild, startSimulatorChild } from "./simulator-child.ts";
import { untilReachable } from "./until-reachable.ts";

/** What one fetch returns at most: for one partition, and in all. */
export const fetchBytesPerPartition = 4 * 1024 * 1024;
const FETCH_BYTES_MAX = 16 * 1024 * 1024;
const FETCH_WAIT_MS = 100;

/** Everything a run needs, connected. Made once, closed in reverse order. */
export interface Run {
  options: StartOptions;
  servers: EmbeddedServers;
  client: ClickHouseClient;
  admin: Admin;
  log: Logger;
  origin: Origin;
  plans: TablePlan[];
  topics: string[];
  /** Offsets when the run began. */
  begin: PartitionOffsets[];
  pipeline: Pipeline;
  /** The comparison of Kafka with ClickHouse that goes on while the run does. */
  reconciliation: PeriodicReconciliation;
  deadLetterTopic: DeadLetterTopic | undefined;
  simulator: SimulatorChild | undefined;
  /** The one deadline over the end of the run. */
  shutdown: Shutdown;
  /** By `performance.now()`. */
  startedMs: number;
  serversReadyMs: number;
}

/**
 * Connects, prepares the tables and topics, examines the set-up and makes the pipeline, which does not run yet.
 *
 * @throws MillraceError when something is missing, or the set-up gives less than was required, and Stopped when somebody
 * asks to stop meanwhile.
 */
export async function connectRun(
  environment: Environment,
  options: StartOptions,
  servers: EmbeddedServers,
  log: Logger,
  shutdown: Shutdown,
  startedMs: number,
  hooks: PipelineHooks | undefined,
): Promise<Run> {
  const serversReadyMs = performance.now();
  const brokers = servers.kafkaBrokers ?? environment.kafkaBrokers!;
  const url = servers.clickHouseUrl ?? environment.clickHouseUrl!;
  // One connection each for the queries of status line, latency flush and report.
  const client = abortableClient(
    connectClickHouse(clickHouseAddress(environment, url), options.profile.insertsMax + 2),
    shutdown.over,
  );
  const reach = <T>(what: string, call: () => Promise<T>) => untilReachable(what, log, shutdown.stopping, call);
  const kafka = kafkaConfig(brokers, "millrace", log, environment.kafkaSecurity);
  const pipelines = await choosePipelines(options);
  const [{ admin, clusterId, simulator }] = await Promise.all([
    reach("Kafka", () => openKafka(kafka, options, log)),
    reach("ClickHouse", () => migrate(client, { eventTables: eventTablesOf(pipelines) })),
  ]);
  const origin = { cluster: clusterId, group: options.groupId };
  const plans = await reach("ClickHouse", () => buildPlans(client, pipelines, origin));
  const topics = plans.flatMap((plan) => plan.topics);
  await reach("Kafka", () => requireTopics(admin, topics));
  const setUp = setUpOf(options, plans, { brokers, embedded: embeddedServersOf(environment) });
  // Not waited for: to examine the servers takes as long as to join the group and to fetch. The first insert waits.
  const examined = untilReachable("ClickHouse", log, shutdown.over, () => runDoctor({ client, kafka, setUp }));
  const mayStore = examined.then((report) => {
    logReport(report, log);
    requireGuarantee(report.findings, options.requiresExactlyOnce ? "exactly-once" : undefined);
  });
  mayStore.catch(() => {});
  const { deadLetterTopic: topic } = options;
  const deadLetterTopic =
    topic === undefined ? undefined : createDeadLetterTopic({ kafka, topic, ownTopics: topics, plans, log });
  const pipeline = createPipeline({
    clusterId,
    plans,
    client,
    log,
    profile: options.profile,
    transcoder: options.transcoder,
    insertFormat: options.insertFormat,
    fenceMs: options.fenceMs,
    unreadableIntents: options.unreadableIntents,
    allowsDuplicates: options.allowsDuplicates,
    publishDead: deadLetterTopic?.send,
    mayStore,
    hooks,
    source: {
      kafka,
      topics,
      groupId: options.groupId,
      from: options.from,
      fetchBytesPerPartition,
      fetchBytesMax: FETCH_BYTES_MAX,
      fetchWaitMs: FETCH_WAIT_MS,
      sessionTimeoutMs: options.sessionTimeoutMs,
    },
  });
  const [begin] = await Promise.all([
    reach("Kafka", () => readOffsets(admin, options.groupId, topics)),
    deadLetterTopic === undefined ? undefined : reach("Kafka", () => deadLetterTopic.start()),
  ]);
  const reconciliation = startReconciliation({ admin, client, plans, origin, log });
  const made = { options, servers, client, admin, log, origin, plans, topics, begin, pipeline, reconciliation };
  return { ...made, deadLetterTopic, simulator, shutdown, startedMs, serversReadyMs };
}

/** The simulator begins as soon as it has its topics: to load takes it longer than the ingester needs to be ready. */
async function openKafka(
  kafka: KafkaConfig,
  options: StartOptions,
  log: Logger,
): Promise<{ admin: Admin; clusterId: string; simulator: SimulatorChild | undefined }> {
  const admin = await connectAdmin(kafka);
  if (options.makesTopics) await ensureTopics(admin, defaultTopics);
  const clusterId = await readClusterId(admin);
  const simulator = options.simulator ? startSimulatorChild(options, kafka.brokers as string[], log) : undefined;
  return { admin, clusterId, simulator };
}

/**
 * One of several topics may come later: the source looks for it, and says so meanwhile.
 *
 * @throws MillraceError E_KAFKA when there is none at all: most likely the names are wrong.
 */
async function requireTopics(admin: Admin, topics: string[]): Promise<void> {
  const existing = new Set(await admin.listTopics());
  if (topics.some((topic) => existing.has(topic))) return;
  const isBuiltIn = topics.some((topic) => defaultTopics.some(({ name }) => name === topic));
  const remedy = isBuiltIn ? "`millrace topics apply` makes the built-in ones" : "Create it, or check the name";
  throw new MillraceError("E_KAFKA", `Cannot read ${topics.join(", ")}: no such topic. ${remedy}.`);
}

/** What the doctor has to know of a run. */
export function setUpOf(
  options: StartOptions,
  plans: TablePlan[],
  servers: Pick<SetUp, "brokers" | "embedded">,
): SetUp {
  const { profile, vcpus, groupId, from, fenceMs, sessionTimeoutMs, surviveMs } = options;
  return {
    ...servers,
    plans,
    profile,
    vcpus,
    groupId,
    from,
    fenceMs,
    sessionTimeoutMs,
    surviveMs,
    fetchBytesPerPartition,
    creatableTopics: options.makesTopics ? defaultTopics.map(({ name }) => name) : [],
  };
}
