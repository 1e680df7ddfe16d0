import type { Logger } from "pino";
import { decodeIntents } from "../commit/intents.ts";
import { MillraceError } from "../core/errors.ts";
import type { AssignedPartition, CommitOffset } from "../core/partition-offsets.ts";
import { partitionKey } from "../core/raw-batch.ts";
import type { Failure } from "./failure.ts";

/** What to do about commit metadata that another program wrote: stop, or begin without knowing what is in flight. */
export type UnreadableIntentsPolicy = "stop" | "at-least-once";

/**
 * Reads the ranges in flight out of the metadata of the partitions' last commits.
 *
 * @throws MillraceError E_KAFKA when the metadata is not ours and the policy is to stop.
 */
export function readAssigned(
  partitions: readonly CommitOffset[],
  policy: UnreadableIntentsPolicy,
  log: Logger,
  failure: Failure,
): AssignedPartition[] {
  return partitions.map(({ topic, partition, offset, metadata }) => {
    try {
      return { topic, partition, offset, intents: decodeIntents(metadata) };
    } catch (error) {
      const where = `${partitionKey(topic, partition)}: ${(error as Error).message}`;
      if (policy === "stop") {
        const remedy = "Use a --group of its own, or accept doubled rows once with --unreadable-intents at-least-once";
        failure.raise(new MillraceError("E_KAFKA", `${where}. ${remedy}`));
      }
      log.error(`${where}. Ranges that were in flight may be doubled`);
      return { topic, partition, offset, intents: [] };
    }
  });
}

/** The group stands behind the end of the log. */
export function beyondLogEnd(
  { topic, partition }: { topic: string; partition: number },
  offset: number,
  logEnd: number,
  groupId: string,
): MillraceError {
  return new MillraceError(
    "E_KAFKA",
    `${partitionKey(topic, partition)}: the group stands at offset ${offset}, the log ends at ${logEnd}. The topic was ` +
      "made anew, or the broker has lost records. " +
      `To go on: millrace offsets reset --group ${groupId} --topic ${topic} --to earliest`,
  );
}
