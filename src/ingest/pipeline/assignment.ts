import type { Logger } from "pino";
import { MillraceError } from "../../core/errors.ts";
import type { AssignedPartition, CommitOffset } from "../../core/partition-offsets.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { decodeIntents, type InFlight } from "../commit/intents.ts";
import type { Failure } from "./failure.ts";
import { bundlesInDoubt, type PartitionCommits } from "./recovery-plan.ts";

/** What to do about commit metadata that another program wrote: stop, or begin without knowing what is in flight. */
export type UnreadableIntentsPolicy = "stop" | "at-least-once";

/**
 * What the commits of a whole group say is in flight. One that is not ours says nothing here.
 *
 * @param own those of the member's own partitions: a topic that was hidden when the group's were read is in these only
 */
export function readGroup(commits: readonly CommitOffset[], own: readonly CommitOffset[]): PartitionCommits[] {
  const named = new Set(commits.map(partitionKey));
  const all = [...commits, ...own.filter((at) => !named.has(partitionKey(at)))];
  return all.map(({ topic, partition, metadata }) => {
    try {
      return { topic, partition, ...decodeIntents(metadata) };
    } catch {
      return { topic, partition, intents: [], marks: [] };
    }
  });
}

/** Where fetching begins in partitions of which ranges are announced: these are read on their own. */
export function fetchStarts(assigned: readonly AssignedPartition[]): Map<string, number> {
  return new Map(
    assigned.flatMap(({ topic, partition, intents }) => {
      const last = intents.at(-1);
      return last === undefined ? [] : [[partitionKey({ topic, partition }), last.lastOffset + 1] as const];
    }),
  );
}

/** A partition as its new owner finds it. Of its marks it keeps those of bundles that are in doubt. */
export function asAssigned(
  { topic, partition, offset }: TopicPartition & { offset: number },
  { intents, marks }: InFlight,
  inDoubt: ReadonlySet<string>,
): AssignedPartition {
  const kept = marks.filter((id) => inDoubt.has(id));
  return { topic, partition, offset, intents, marks: kept, hasSpentMarks: kept.length < marks.length };
}

/**
 * Reads the ranges in flight out of the metadata of the partitions' last commits.
 *
 * @param group what the commits of all partitions say
 * @throws MillraceError E_KAFKA when the metadata is not ours and the policy is to stop.
 */
export function readAssigned(
  partitions: readonly CommitOffset[],
  group: readonly PartitionCommits[],
  policy: UnreadableIntentsPolicy,
  log: Logger,
  failure: Failure,
): AssignedPartition[] {
  const inDoubt = bundlesInDoubt(group);
  return partitions.map(({ topic, partition, offset, metadata }) => {
    try {
      return asAssigned({ topic, partition, offset }, decodeIntents(metadata), inDoubt);
    } catch (error) {
      const where = `${partitionKey({ topic, partition })}: ${(error as Error).message}`;
      if (policy === "stop") {
        const remedy = "Use a --group of its own, or accept doubled rows once with --unreadable-intents at-least-once";
        failure.raise(new MillraceError("E_KAFKA", `${where}. ${remedy}`));
      }
      log.error(`${where}. Ranges that were in flight may be doubled`);
      return { topic, partition, offset, intents: [], marks: [] };
    }
  });
}

/**
 * The group stands beyond the end of the log. No single remedy is right: to read a topic that was made anew from its
 * beginning, into the same table, can drop its records as repeats of the old ones, which had the same offsets; to do so
 * where a broker has lost its last records doubles all others.
 */
export function beyondLogEnd(
  at: TopicPartition & { offset: number; logEnd: number; groupId: string; table: string },
): MillraceError {
  const { topic, offset, logEnd, groupId, table } = at;
  const reset = `millrace offsets reset --group ${groupId} --topic ${topic}`;
  return new MillraceError(
    "E_KAFKA",
    [
      `${partitionKey(at)}: the group has committed offset ${offset}, but the log ends at ${logEnd}. Nothing was ` +
        "changed; what to do depends on the reason:",
      "- Is this another cluster than before? Check KAFKA_BROKERS.",
      `- Was the topic deleted and made anew? Its records have offsets that rows in ${table} have already. Give it a --table ` +
        `and a --group of its own; or, if the old rows are not needed: TRUNCATE TABLE ${table} (which forgets their tokens, ` +
        `too), then ${reset} --to earliest`,
      "- Has a broker lost its last records, or was the cluster restored? Everything from before is stored; what came since " +
        `is new, and begins where the log broke off: ${reset} --to TIME, the time of the loss. It names the stored rows that ` +
        `are in the way, and how to make ClickHouse forget their tokens. (--to earliest would double what is stored, ` +
        "--to latest would skip what is new.)",
    ].join("\n"),
  );
}
