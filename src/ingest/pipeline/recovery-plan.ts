import type { AssignedPartition, Intent } from "../../core/partition-offsets.ts";
import { compareTopicPartitions, partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { bundleIdOf } from "../commit/bundle-id.ts";
import type { InFlight } from "../commit/intents.ts";

/** A range as a commit names it. */
export type AnnouncedRange = TopicPartition & Intent;

/** What the last commit of a partition says is in flight there. */
export type PartitionCommits = TopicPartition & InFlight;

interface Announced {
  /** Its ranges that lie in partitions of this member: those that one plan reads. */
  own: AnnouncedRange[];
  /** Undefined: one range alone. */
  bundleId: string | undefined;
}

/**
 * What is to be done about ranges that an earlier owner has announced:
 *
 * - `repeat`: all of the bundle is known, and it goes into the table once more, under its token.
 * - `stored`: a partition says that the bundle is stored.
 * - `unknown`: its other partitions say nothing of it (their topic was deleted, their offsets were reset or expired, another
 *   program has committed), or are about to be, or were, stored alone for this reason (`isDoubtful`). That is no sign of
 *   anything, and without them there is no block to make.
 */
export type Recovery = Announced & ({ kind: "repeat"; ranges: AnnouncedRange[] } | { kind: "stored" | "unknown" });

/**
 * @param own the partitions of this member
 * @param group what the commits of all partitions of the group say, the member's own among them
 * @param planKeyOf the key of the plan that reads a topic; undefined: none
 */
export function planRecovery(
  own: readonly AssignedPartition[],
  group: readonly PartitionCommits[],
  planKeyOf: (topic: string) => string | undefined,
): Recovery[] {
  const bundles = bundlesIn(group);
  const ownKeys = new Set(own.map(partitionKey));
  const recoveries: Recovery[] = [];
  const seen = new Set<string>();
  for (const { topic, partition, intents } of own) {
    for (const intent of intents) {
      const range = { topic, partition, ...intent };
      if (intent.bundle === undefined) {
        const alone = { own: [range], bundleId: undefined };
        if (intent.isDoubtful === true) recoveries.push({ kind: "unknown", ...alone });
        else if (intent.isStored !== true) recoveries.push({ kind: "repeat", ranges: [range], ...alone });
        continue;
      }
      const { id: bundleId } = intent.bundle;
      if (seen.has(bundleId)) continue;
      seen.add(bundleId);
      const ranges = bundles.listed.get(bundleId)!;
      const open = ranges.filter(({ isStored }) => isStored !== true);
      const kind = kindOf(bundleId, bundles, planKeyOf);
      const openOwn = open.filter((each) => ownKeys.has(partitionKey(each)));
      if (kind === "repeat") recoveries.push({ kind, ranges, own: openOwn, bundleId });
      else {
        // Topics may have been given to other plans since: each goes on, or stops, by itself.
        const byPlan = Map.groupBy(openOwn, ({ topic }) => planKeyOf(topic));
        for (const own of byPlan.values()) recoveries.push({ kind, own, bundleId });
      }
    }
  }
  return recoveries;
}

/** What is to be done about a bundle by what commits say now. */
export function recoveryKindOf(
  bundleId: string,
  group: readonly PartitionCommits[],
  planKeyOf: (topic: string) => string | undefined,
): Recovery["kind"] {
  return kindOf(bundleId, bundlesIn(group), planKeyOf);
}

function kindOf(
  bundleId: string,
  { listed, marks }: BundlesInCommits,
  planKeyOf: (topic: string) => string | undefined,
): Recovery["kind"] {
  const ranges = listed.get(bundleId) ?? [];
  if (marks.has(bundleId) || ranges.some(({ isStored }) => isStored === true)) return "stored";
  return isWhole(bundleId, ranges) && isOfOnePlan(ranges, planKeyOf) ? "repeat" : "unknown";
}

/** The bundles of which marks are still of use: somebody lists them, and does not know that they are stored. */
export function bundlesInDoubt(group: readonly PartitionCommits[]): Set<string> {
  const ids = new Set<string>();
  for (const { intents } of group) {
    for (const { bundle, isStored } of intents) if (bundle !== undefined && isStored !== true) ids.add(bundle.id);
  }
  return ids;
}

interface BundlesInCommits {
  /** By bundle: the ranges that are listed with it, in its order. */
  listed: ReadonlyMap<string, AnnouncedRange[]>;
  /** Bundles that a mark says are stored. */
  marks: ReadonlySet<string>;
}

function bundlesIn(group: readonly PartitionCommits[]): BundlesInCommits {
  const listed = new Map<string, AnnouncedRange[]>();
  for (const { topic, partition, intents } of group) {
    for (const intent of intents) {
      if (intent.bundle === undefined) continue;
      const ranges = listed.get(intent.bundle.id) ?? [];
      listed.set(intent.bundle.id, ranges);
      ranges.push({ topic, partition, ...intent });
    }
  }
  for (const ranges of listed.values()) ranges.sort(compareTopicPartitions);
  return { listed, marks: new Set(group.flatMap((commits) => commits.marks)) };
}

/** Whether these are all ranges of the bundle, as its id says. */
function isWhole(bundleId: string, ranges: readonly AnnouncedRange[]): boolean {
  const [first] = ranges;
  return first !== undefined && bundleIdOf(ranges, first.judgedMs) === bundleId;
}

/**
 * Topics may have been given to other pipelines since, and each owner would take another table. One that nobody reads any
 * more goes where the others go, as it was announced.
 */
function isOfOnePlan(ranges: readonly AnnouncedRange[], planKeyOf: (topic: string) => string | undefined): boolean {
  const keys = ranges.map(({ topic }) => planKeyOf(topic)).filter((key) => key !== undefined);
  return new Set(keys).size === 1;
}
