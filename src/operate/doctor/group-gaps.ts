import { AssignerProtocol } from "kafkajs";

/** A member of a group as DescribeGroups tells of it. */
export interface DescribedMember {
  memberMetadata: Buffer;
  memberAssignment: Buffer;
}

export interface UnassignedTopic {
  topic: string;
  partitions: number[];
}

/** Topics that members subscribe to. */
export function subscribedTopics(members: readonly DescribedMember[]): string[] {
  return [...new Set(members.flatMap(topicsOf))].sort();
}

/**
 * Partitions that somebody subscribes to and nobody reads: given to no member, or to one that does not subscribe to the
 * topic and drops it.
 */
export function unassignedPartitions(
  members: readonly DescribedMember[],
  partitionCounts: ReadonlyMap<string, number>,
): UnassignedTopic[] {
  const read = new Set(
    members.flatMap((member) => {
      const topics = topicsOf(member);
      const given = AssignerProtocol.MemberAssignment.decode(member.memberAssignment)?.assignment ?? {};
      return topics.flatMap((topic) => (given[topic] ?? []).map((partition) => `${topic}:${partition}`));
    }),
  );
  return subscribedTopics(members).flatMap((topic) => {
    const all = Array.from({ length: partitionCounts.get(topic) ?? 0 }, (_, partition) => partition);
    const partitions = all.filter((partition) => !read.has(`${topic}:${partition}`));
    return partitions.length === 0 ? [] : [{ topic, partitions }];
  });
}

function topicsOf({ memberMetadata }: DescribedMember): string[] {
  return memberMetadata.length === 0 ? [] : (AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? []);
}
