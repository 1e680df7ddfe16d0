import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin, KafkaConfig } from "kafkajs";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { readClusterId } from "../clients/kafka/connect.ts";
import type { Environment } from "../config/environment.ts";
import { choosePlan } from "../config/plan-choice.ts";
import { counted } from "../core/counted.ts";
import { MillraceError } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import { partitionKey } from "../core/raw-batch.ts";
import { storeGap } from "../ingest/pipeline/gap-store.ts";
import { otherClusters, sharedTableText } from "../ingest/pipeline/writers.ts";
import { commitOffsets } from "../operate/offsets/commit-offsets.ts";
import { type GroupPartition, readGroupPartitions, readOffsetsAt } from "../operate/offsets/group-offsets.ts";
import { parseResetTarget, type ResetTarget, resolveTarget } from "../operate/offsets/reset-target.ts";
import { reconcile } from "../operate/reconcile/reconcile.ts";
import { type ReconcileTarget, requireReconcileTarget } from "../operate/reconcile/reconcile-target.ts";
import { requireBrokers, requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { buildPlans, choosePipelines } from "../run/plans.ts";
import type { Pipeline } from "../schema/pipeline.ts";
import { createLog } from "../telemetry/log.ts";
import { groupFaults, listOf, type Move, moveFaults, type ResetOptions } from "./reset-faults.ts";
import { printTable } from "./table.ts";

/**
 * `millrace offsets reset`. Checks everything before it changes anything; the gap is noted before the offsets are set, so
 * that a failure in between leaves a gap with rows in it, which counts for nothing.
 */
export async function runReset(given: Environment, options: ResetOptions): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const target = parseResetTarget(options.to, Date.now());
  const brokers = requireBrokers(environment, options.brokers);
  const kafka = commandKafkaConfig(
    brokers,
    "millrace-offsets",
    createLog(environment.logLevel),
    environment.kafkaSecurity,
  );
  const pipeline = environment.clickHouseUrl === undefined ? undefined : await pipelineOf(options);
  const client = pipeline === undefined ? undefined : connectClickHouse(requireClickHouse(environment), 1);
  const admin = await connectCommandAdmin(kafka);
  try {
    const origin = { cluster: await readClusterId(admin), group: options.group };
    const tables = client === undefined ? undefined : await tablesOf(client, pipeline!, origin);
    const moves = await planMoves(admin, options, target);
    if (client !== undefined && tables !== undefined) await countRows(client, tables, moves);
    const faults = [...(await groupFaults(admin, options)), ...moveFaults(options, moves, tables)];
    print(options, moves, faults);
    if (options.dryRun) return;
    if (faults.length > 0) throw new MillraceError("E_KAFKA", `Nothing was changed. ${faults.join(" ")}`);
    if (!options.yes) {
      throw new MillraceError("E_CONFIG", "Nothing was changed: --yes does it, --dry-run only shows it");
    }
    if (options.record && client !== undefined) await noteSkipped(client, origin, moves);
    await setOffsets(kafka, admin, options, moves);
  } finally {
    await admin.disconnect();
    await client?.close();
  }
}

/** The pipeline that reads the topic: that of --table, or the one among the pipelines. */
async function pipelineOf(options: ResetOptions): Promise<Pipeline> {
  const { group: groupId, table, pipelineNames, pipelineFolder, topic } = options;
  const topics = table === undefined ? undefined : [topic];
  const chosen = await choosePipelines(choosePlan({ topics, table, pipelineNames, pipelineFolder, groupId }));
  const owner = chosen.find(({ topics }) => topics.includes(topic));
  if (owner !== undefined) return owner;
  const names = chosen.map(({ name }) => name).join(", ");
  throw new MillraceError(
    "E_CONFIG",
    `--topic ${topic}: not read by ${names}. Name --table or --pipeline as given to millrace start, so that the rows ` +
      "of these offsets can be looked up.",
  );
}

async function tablesOf(client: ClickHouseClient, pipeline: Pipeline, origin: Origin): Promise<ReconcileTarget> {
  const [plan] = await buildPlans(client, [pipeline], origin);
  const clusters = await otherClusters(client, plan!);
  if (clusters.length > 0)
    throw new MillraceError("E_PLAN", `Cannot look up rows: ${sharedTableText(plan!, clusters)}`);
  return requireReconcileTarget(plan!);
}

async function planMoves(admin: Admin, options: ResetOptions, target: ResetTarget): Promise<Move[]> {
  if (!(await admin.listTopics()).includes(options.topic)) {
    throw new MillraceError("E_KAFKA", `--topic ${options.topic}: no such topic. Check the name and --brokers.`);
  }
  const partitions = await readGroupPartitions(admin, options.group, [options.topic]);
  const atTime = target.kind === "time" ? await readOffsetsAt(admin, [options.topic], target.timeMs) : undefined;
  return choosePartitions(options, partitions).map((partition) => {
    const from = partition.committed ?? partition.logStart;
    const to = resolveTarget(target, partition, atTime?.get(partitionKey(partition.topic, partition.partition)));
    return { partition, from, to, skipped: Math.max(0, to - from), again: Math.max(0, from - to), rows: undefined };
  });
}

function choosePartitions({ partitions: wanted }: ResetOptions, partitions: GroupPartition[]): GroupPartition[] {
  if (wanted === undefined) return partitions;
  return wanted.map((number) => {
    const found = partitions.find(({ partition }) => partition === number);
    if (found !== undefined) return found;
    throw new MillraceError(
      "E_CONFIG",
      `--partition ${number}: the topic has ${counted(partitions.length, "partition")}, from 0`,
    );
  });
}

/** Looks up what lies at and beyond the new position. A stored row there is one that would be stored again. */
async function countRows(client: ClickHouseClient, tables: ReconcileTarget, moves: Move[]): Promise<void> {
  const ranges = moves.map(({ partition: { topic, partition, logEnd, committed, intents }, to }) => {
    const end = Math.max(logEnd, committed ?? 0, (intents?.at(-1)?.lastOffset ?? -1) + 1, to);
    return { topic, partition, first: to, end };
  });
  const balances = await reconcile(client, tables, ranges);
  for (const move of moves) {
    const balance = balances.find(({ partition }) => partition === move.partition.partition)!;
    move.rows = balance.stored + balance.dead;
  }
}

async function noteSkipped(client: ClickHouseClient, origin: Origin, moves: Move[]): Promise<void> {
  for (const { partition, from, to, skipped } of moves) {
    if (skipped === 0) continue;
    const { topic } = partition;
    const gap = { ...origin, topic, partition: partition.partition, reason: "skipped" as const };
    await storeGap(client, { ...gap, runs: [{ first: from, last: to - 1 }] }, `reset:${randomUUID()}`);
  }
}

/** Sets the offsets and reads them back. */
async function setOffsets(kafka: KafkaConfig, admin: Admin, { group, topic }: ResetOptions, moves: Move[]) {
  const offsets = moves.map(({ partition, to }) => ({ partition: partition.partition, offset: to }));
  await commitOffsets(kafka, group, topic, offsets);
  const now = await readGroupPartitions(admin, group, [topic]);
  const wrong = moves.filter(({ partition: { partition }, to }) => {
    const found = now.find((entry) => entry.partition === partition);
    return found?.committed !== to || found.metadata !== "";
  });
  if (wrong.length === 0) return;
  throw new MillraceError(
    "E_KAFKA",
    `The broker did not take the offsets of ${listOf(wrong)}: has an instance of ${group} been started meanwhile? ` +
      "millrace offsets show has what is committed now.",
  );
}

function print({ group, json, dryRun }: ResetOptions, moves: Move[], faults: string[]): void {
  if (json === true) {
    const partitions = moves.map(({ partition, from, to, skipped, again, rows }) => {
      const { topic, committed } = partition;
      const storedRows = rows ?? null;
      return {
        topic,
        partition: partition.partition,
        committed: committed ?? null,
        from,
        to,
        skipped,
        again,
        storedRows,
      };
    });
    console.log(JSON.stringify({ group, dryRun: dryRun === true, faults, partitions }));
    return;
  }
  const header = ["topic", "partition", "from", "to", "skipped", "read again", "rows stored there"];
  const lines = moves.map(({ partition: { topic, partition, committed }, from, to, skipped, again, rows }) => [
    topic,
    ...[partition, committed === undefined ? `${from} (log start)` : from, to, skipped, again, rows ?? "?"].map(String),
  ]);
  printTable(header, lines);
  if (dryRun === true)
    console.log(["", "nothing was changed (--dry-run)", ...faults.map((text) => `refused: ${text}`)].join("\n"));
}
