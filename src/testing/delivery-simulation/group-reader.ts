import { decodeIntents } from "../../ingest/commit/intents.ts";
import type { PartitionCommits } from "../../ingest/pipeline/recovery-plan.ts";
import { topicOf } from "./broker.ts";
import type { MemberOptions } from "./member-options.ts";
import type { Life } from "./world.ts";

type Parts = Pick<MemberOptions, "world" | "broker" | "forgetsIntents">;

/** What the commits of the group say at this moment to a member with these partitions. */
export function groupSeen({ broker, forgetsIntents }: Parts, own: readonly number[]): PartitionCommits[] {
  return broker.committed.seen(own).map(([partition, { metadata }]) => ({
    ...{ topic: topicOf(partition), partition },
    ...decodeIntents(forgetsIntents ? "" : metadata),
  }));
}

/** The same by a request of its own. */
export async function readGroup(parts: Parts, life: Life): Promise<PartitionCommits[]> {
  await life.arrival(parts.world.latencyMs());
  const group = groupSeen(parts, []);
  await life.arrival(parts.world.latencyMs());
  return group;
}
