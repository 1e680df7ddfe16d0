import type { PartitionRange, TopicPartition } from "../../core/topic-partition.ts";
import { compareTopicPartitions, partitionKey } from "../../core/topic-partition.ts";
import { bundleIdOf } from "../../ingest/commit/bundle-id.ts";
import { decodeIntents } from "../../ingest/commit/intents.ts";

/** The text that a commit carries for one partition. */
export interface CommitText extends TopicPartition {
  metadata: string;
}

interface Listed {
  judgedMs: number;
  members: Map<string, PartitionRange>;
  /** In the bundle's order, once all are known. */
  whole: PartitionRange[] | undefined;
}

/**
 * Which ranges the bundles of a run have: the token of a bundle names none of them, the commits on the ingesters' lines do.
 * The ids prove that nothing is made up.
 */
export class BundleBook {
  readonly #listed = new Map<string, Listed>();

  /** Of a commit that another program made, nothing is noted. */
  note({ topic, partition, metadata }: CommitText): void {
    for (const { firstOffset, lastOffset, judgedMs, bundle } of intentsIn(metadata)) {
      if (bundle === undefined) continue;
      const listed = this.#listed.get(bundle.id) ?? { judgedMs, members: new Map(), whole: undefined };
      this.#listed.set(bundle.id, listed);
      if (listed.whole !== undefined) continue;
      listed.members.set(partitionKey({ topic, partition }), { topic, partition, firstOffset, lastOffset });
      if (listed.members.size < bundle.count) continue;
      const members = [...listed.members.values()].sort(compareTopicPartitions);
      if (bundleIdOf(members, judgedMs) === bundle.id) listed.whole = members;
    }
  }

  /** All ranges of a bundle, in its order; undefined as long as commits have not named all. */
  membersOf(bundleId: string): readonly PartitionRange[] | undefined {
    return this.#listed.get(bundleId)?.whole;
  }
}

function intentsIn(metadata: string) {
  try {
    return decodeIntents(metadata).intents;
  } catch {
    return [];
  }
}
