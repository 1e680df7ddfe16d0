import { randomUUID } from "node:crypto";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin, KafkaConfig } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";
import type { Origin } from "../../core/origin.ts";
import { storeGap } from "../../ingest/pipeline/gap-store.ts";
import { commitOffsets } from "./commit-offsets.ts";
import { readGroupPartitions } from "./group-offsets.ts";
import { listOf, type Move, type ResetChoice } from "./reset-move.ts";

export interface ResetServers {
  kafka: KafkaConfig;
  admin: Admin;
  /** Undefined: there is none to note the gap in. */
  client: ClickHouseClient | undefined;
  origin: Origin;
}

/**
 * Does what was planned. The gap is noted before the offsets are set, so that a failure in between leaves a gap with rows
 * in it, which counts for nothing.
 *
 * @throws MillraceError E_KAFKA when the group has a member, or has other offsets afterwards.
 */
export async function applyReset(servers: ResetServers, choice: ResetChoice, moves: Move[]): Promise<void> {
  const { client, origin, kafka, admin } = servers;
  if (choice.record && client !== undefined) await noteSkipped(client, origin, moves);
  await setOffsets(kafka, admin, choice, moves);
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
async function setOffsets(
  kafka: KafkaConfig,
  admin: Admin,
  { group, topic }: ResetChoice,
  moves: Move[],
): Promise<void> {
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
