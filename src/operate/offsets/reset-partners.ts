import type { Intent } from "../../core/partition-offsets.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { GroupInFlight } from "./group-offsets.ts";
import type { OtherPartitions } from "./reset-faults.ts";
import { type Move, unsettledOf } from "./reset-move.ts";

/** What the moves would do to partitions that stay as they are, of whatever topic, whose ranges are in bundles with theirs. */
export function othersOf(moves: readonly Move[], group: readonly GroupInFlight[]): OtherPartitions {
  const movedKeys = new Set(moves.map(({ partition }) => partitionKey(partition)));
  const moved = group.filter((at) => movedKeys.has(partitionKey(at)));
  const staying = group.filter((at) => !movedKeys.has(partitionKey(at)));
  const unsettled = moves.flatMap(({ partition }) => unsettledOf(partition) ?? []);
  const inDoubt = new Set(unsettled.flatMap(({ bundle }) => bundle?.id ?? []));
  const untold = storedBundlesOf(moved).difference(storedBundlesOf(staying));
  return {
    inDoubt: whoList(staying, inDoubt, () => true),
    untold: whoList(staying, untold, ({ isStored }) => isStored !== true),
  };
}

function whoList(
  group: readonly GroupInFlight[],
  bundleIds: ReadonlySet<string>,
  isAsked: (member: Intent) => boolean,
): string[] {
  const isMember = (intent: Intent) =>
    intent.bundle !== undefined && bundleIds.has(intent.bundle.id) && isAsked(intent);
  return group
    .filter(({ intents }) => intents.some(isMember))
    .map(partitionKey)
    .sort();
}

/** The bundles of which one of these commits says that they are stored. */
function storedBundlesOf(group: readonly GroupInFlight[]): Set<string> {
  return new Set(
    group.flatMap(({ intents, marks }) => [
      ...marks,
      ...intents.flatMap(({ bundle, isStored }) => (isStored === true && bundle !== undefined ? [bundle.id] : [])),
    ]),
  );
}
