import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/**
 * Members of a bundle are in partitions that Kafka does not have any more: their topics were deleted. Nothing of it was
 * inserted. The others can be regrouped without them.
 */
export class MembersGone extends Error {
  readonly partitions: readonly TopicPartition[];

  constructor(partitions: readonly TopicPartition[]) {
    super(`${partitions.map(partitionKey).join(", ")}: not in Kafka any more, and members of a bundle`);
    this.name = "MembersGone";
    this.partitions = partitions;
  }
}
