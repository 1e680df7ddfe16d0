import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import { readOffsetsAt } from "../../clients/kafka/offsets-at.ts";
import { counted } from "../../core/counted.ts";
import { MillraceError } from "../../core/errors.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { otherClusters, sharedTableText } from "../../ingest/pipeline/writers.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import { type ReconcileTarget, requireReconcileTarget } from "../reconcile/reconcile-target.ts";
import { type GroupPartition, readGroupInFlight, readGroupPartitions } from "./group-offsets.ts";
import { groupFaults, moveFaults } from "./reset-faults.ts";
import type { Move, ResetChoice } from "./reset-move.ts";
import { othersOf } from "./reset-partners.ts";
import { type ResetTarget, resolveTarget } from "./reset-target.ts";

/** Where the rows of the topic are. */
export interface ResetTables {
  client: ClickHouseClient;
  plan: TablePlan;
}

/** What a reset would do, and why it must not. Changes nothing. */
export interface PlannedReset {
  moves: Move[];
  /** One sentence with the remedy each; empty: it may be done. */
  faults: string[];
}

/**
 * @param tables undefined: whether the records are stored cannot be looked up
 * @throws MillraceError when topic or partitions are not there, or rows cannot be looked up in the table.
 */
export async function planReset(
  admin: Admin,
  choice: ResetChoice,
  to: ResetTarget,
  tables: ResetTables | undefined,
): Promise<PlannedReset> {
  const target = tables === undefined ? undefined : await reconcileTargetOf(tables);
  const moves = await planMoves(admin, choice, to);
  if (tables !== undefined && target !== undefined) await countRows(tables.client, target, moves);
  const others = othersOf(moves, await readGroupInFlight(admin, choice.group));
  return { moves, faults: [...(await groupFaults(admin, choice)), ...moveFaults(choice, moves, target, others)] };
}

async function reconcileTargetOf({ client, plan }: ResetTables): Promise<ReconcileTarget> {
  const clusters = await otherClusters(client, plan);
  if (clusters.length > 0) {
    throw new MillraceError("E_PLAN", `Cannot look up rows: ${sharedTableText(plan, clusters)}`);
  }
  return requireReconcileTarget(plan);
}

async function planMoves(admin: Admin, choice: ResetChoice, target: ResetTarget): Promise<Move[]> {
  const { group, topic } = choice;
  if (!(await admin.listTopics()).includes(topic)) {
    throw new MillraceError("E_KAFKA", `--topic ${topic}: no such topic. Check the name and --brokers.`);
  }
  const partitions = await readGroupPartitions(admin, group, [topic]);
  const atTime = target.kind === "time" ? await readOffsetsAt(admin, [topic], target.timeMs) : undefined;
  return choosePartitions(choice, partitions).map((partition) => {
    const from = partition.committed ?? partition.logStart;
    const to = resolveTarget(target, partition, atTime?.get(partitionKey(partition)));
    return { partition, from, to, skipped: Math.max(0, to - from), again: Math.max(0, from - to), rows: undefined };
  });
}

function choosePartitions({ partitions: wanted }: ResetChoice, partitions: GroupPartition[]): GroupPartition[] {
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
