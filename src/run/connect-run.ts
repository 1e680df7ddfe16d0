import type { ClickHouseClient } from "@clickhouse/client";
import type { KafkaConfig } from "kafkajs";
import type { Logger } from "pino";
import { abortableClient } from "../clients/clickhouse/abortable-client.ts";
import { type ClickHouseAddress, connectClickHouse } from "../clients/clickhouse/connect.ts";
import { kafkaConfig } from "../clients/kafka/connect.ts";
import { readOffsets } from "../clients/kafka/offsets.ts";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { within } from "../core/within.ts";
import { createDeadLetterTopic, type DeadLetterTopic } from "../ingest/dead-letters/topic.ts";
import { createPipeline } from "../ingest/pipeline/pipeline.ts";
import type { PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import { logReport } from "../operate/doctor/log-report.ts";
import { requireGuarantee, runDoctor } from "../operate/doctor/run-doctor.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { startReconciliation } from "../operate/reconcile/reconciliation-timer.ts";
import type { TablePlan } from "../schema/plan.ts";
import { clickHouseAddress, embeddedServersOf } from "./addresses.ts";
import { startDimensionTimer } from "./dimension-timer.ts";
import { doctorSetUpOf, fetchBytesPerPartition } from "./doctor-set-up.ts";
import type { EmbeddedServers } from "./embedded-servers.ts";
import { openKafka, requireTopics } from "./open-kafka.ts";
import { Openings } from "./openings.ts";
import { buildPlans, choosePipelines, eventTablesOf } from "./plans.ts";
import type { Run } from "./run.ts";
import { RunArrivals } from "./run-arrivals.ts";
import type { RunBatchLog } from "./run-batch-log.ts";
import { RunLatency } from "./run-latency.ts";
import { createRunReader } from "./run-reader.ts";
import { watchRun } from "./run-watch.ts";
import type { Shutdown } from "./shutdown.ts";
import { untilReachable } from "./until-reachable.ts";

/** What one fetch returns at most in all, and how long the broker may wait for records. */
const FETCH_BYTES_MAX = 16 * 1024 * 1024;
const FETCH_WAIT_MS = 100;

export interface ConnectInput {
  environment: Environment;
  options: StartOptions;
  servers: EmbeddedServers;
  log: Logger;
  shutdown: Shutdown;
  /** By `performance.now()`. */
  startedMs: number;
  hooks?: PipelineHooks | undefined;
  batchLog?: RunBatchLog | undefined;
}

/**
 * Connects, prepares the tables and topics, examines the set-up and makes the pipeline, which does not run yet.
 *
 * @throws MillraceError when something is missing, or the set-up gives less than was required, and Stopped when somebody
 * asks to stop meanwhile. What was opened until then is closed.
 */
export async function connectRun(input: ConnectInput): Promise<Run> {
  const { log, shutdown } = input;
  const openings = new Openings((error) => log.warn({ err: error }, "not everything could be closed"));
  try {
    return await connect(input, openings);
  } catch (error) {
    shutdown.begin();
    const closing = openings.abandon(error);
    await within(shutdown.requestsMs, closing).catch((also) =>
      log.warn({ err: also }, "not everything could be closed"),
    );
    throw error;
  }
}

async function connect(input: ConnectInput, openings: Openings): Promise<Run> {
  const { environment, options, servers, log, shutdown, startedMs } = input;
  const serversReadyMs = performance.now();
  const brokers = servers.kafkaBrokers ?? environment.kafkaBrokers!;
  const url = servers.clickHouseUrl ?? environment.clickHouseUrl!;
  const requestsEnd = AbortSignal.any([shutdown.over, openings.abandoned]);
  // One connection each for the ping of the watch, latency flush and report.
  const client = abortableClient(
    connectClickHouse(clickHouseAddress(environment, url), options.profile.insertsMax + 2),
    requestsEnd,
  );
  await openings.add("client", () => client.close());
  const waits = AbortSignal.any([shutdown.stopping, openings.abandoned]);
  const reach = <T>(what: string, call: () => Promise<T>) =>
    untilReachable(what, log, waits, () => openings.during(call()));
  const kafka = kafkaConfig(brokers, "millrace", log, environment.kafkaSecurity);
  const pipelines = await choosePipelines(options);
  const [{ admin, clusterId, simulator }] = await Promise.all([
    reach("Kafka", () => openKafka(kafka, options, log, openings)),
    reach("ClickHouse", () => migrate(client, { eventTables: eventTablesOf(pipelines) })),
  ]);
  const origin = { cluster: clusterId, group: options.groupId };
  const plans = await reach("ClickHouse", () => buildPlans(client, pipelines, origin));
  const topics = plans.flatMap((plan) => plan.topics);
  await reach("Kafka", () => requireTopics(admin, topics));
  const setUp = doctorSetUpOf(options, plans, { brokers, embedded: embeddedServersOf(environment) });
  // Not waited for: to examine the servers takes as long as to join the group and to fetch. The first insert waits.
  const examined = untilReachable("ClickHouse", log, requestsEnd, () =>
    openings.during(runDoctor({ client, kafka, setUp })),
  );
  let guarantee: string | undefined;
  const mayStore = examined.then((report) => {
    logReport(report, log);
    guarantee = report.guarantee;
    requireGuarantee(report.findings, options.requiresExactlyOnce ? "exactly-once" : undefined);
  });
  mayStore.catch(() => {});
  const deadLetterTopic = await openDeadLetterTopic(kafka, plans, options, log, openings);
  const latency = new RunLatency(client, origin, options);
  const pipeline = createPipeline({
    ...pipelineOptions(input, kafka, topics, deadLetterTopic),
    ...{ clusterId, plans, client, mayStore },
    onStored(plan, bundle, stored) {
      latency.record(plan.pipeline, stored);
      input.batchLog?.stored(plan, bundle, stored);
    },
  });
  await openings.add("pipeline", () => pipeline.close(shutdown.leaveMs));
  const [begin] = await Promise.all([
    reach("Kafka", () => readOffsets(admin, options.groupId, topics)),
    deadLetterTopic === undefined ? undefined : reach("Kafka", () => deadLetterTopic.start()),
  ]);
  await refreshDimensionsNowAndThen(input, client, openings);
  const address = clickHouseAddress(environment, url);
  const shown = await openShown({ admin, client, plans, origin, log, options, topics, pipeline, address }, openings);
  const readNow = () => openings.during(readOffsets(admin, options.groupId, topics));
  const arrivals = new RunArrivals({ client, origin, plans, begin, readOffsets: readNow });
  const made = { options, servers, client, admin, log, origin, plans, topics, begin, pipeline, ...shown };
  return {
    ...made,
    ...{ latency, arrivals },
    guarantee: () => guarantee,
    simulator,
    shutdown,
    startedMs,
    serversReadyMs,
    close: () => openings.close(),
  };
}

async function refreshDimensionsNowAndThen(
  { options: { dimsRefreshMs: everyMs }, log }: ConnectInput,
  client: ClickHouseClient,
  openings: Openings,
): Promise<void> {
  if (everyMs === undefined) return;
  const dimensions = startDimensionTimer({ client, log, everyMs });
  await openings.add("dimensions", () => dimensions.stop());
}

/** What goes on beside the pipeline, for those who show the run. */
async function openShown(
  made: Pick<Run, "admin" | "client" | "plans" | "origin" | "log" | "options" | "topics" | "pipeline"> & {
    address: ClickHouseAddress;
  },
  openings: Openings,
): Promise<Pick<Run, "reconciliation" | "watch" | "reader">> {
  const reconciliation = startReconciliation(made);
  await openings.add("reconciliation", () => reconciliation.stop());
  const during: Openings["during"] = (request) => openings.during(request);
  const watch = watchRun({ ...made, groupId: made.options.groupId, during });
  await openings.add("watch", () => watch.stop());
  const reader = createRunReader(made.address);
  await openings.add("reader", () => reader.close());
  return { reconciliation, watch, reader };
}

async function openDeadLetterTopic(
  kafka: KafkaConfig,
  plans: TablePlan[],
  { deadLetterTopic: topic }: StartOptions,
  log: Logger,
  openings: Openings,
): Promise<DeadLetterTopic | undefined> {
  if (topic === undefined) return undefined;
  const ownTopics = plans.flatMap((plan) => plan.topics);
  const opened = createDeadLetterTopic({ kafka, topic, ownTopics, plans, log });
  await openings.add("deadLetterTopic", () => opened.stop());
  return opened;
}

/** What the options say about the pipeline. */
function pipelineOptions(
  { options, log, hooks }: ConnectInput,
  kafka: KafkaConfig,
  topics: string[],
  deadLetterTopic: DeadLetterTopic | undefined,
) {
  const { profile, transcoder, insertFormat, fenceMs, unreadableIntents, allowsDuplicates } = options;
  const { groupId, from, sessionTimeoutMs } = options;
  return {
    ...{ profile, transcoder, insertFormat, fenceMs, unreadableIntents, allowsDuplicates, log, hooks },
    publishDeadLetters: deadLetterTopic?.send,
    source: {
      ...{ kafka, topics, groupId, from, sessionTimeoutMs, fetchBytesPerPartition },
      fetchBytesMax: FETCH_BYTES_MAX,
      fetchWaitMs: FETCH_WAIT_MS,
      flushIntervalMs: profile.flushIntervalMs,
    },
  };
}
