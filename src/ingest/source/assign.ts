/** A member of the group, and the topics that it reads. */
export interface Subscriber {
  memberId: string;
  topics: readonly string[];
}

/** By member, by topic: partitions. Every member has an entry. */
export type Assignment = Map<string, Record<string, number[]>>;

interface Load {
  memberId: string;
  share: Record<string, number[]>;
  partitionCount: number;
}

/**
 * Gives each partition of each topic to one of the members that read the topic: evenly within a topic, then evenly in
 * all. The same question has the same answer, whoever asks. A topic that nobody reads is given to nobody.
 *
 * Not sticky: a member reads offsets and ranges in flight anew at each join, so a partition that stays saves nothing.
 *
 * @param partitions the partition numbers of each topic
 */
export function assignBySubscription(
  subscribers: readonly Subscriber[],
  partitions: ReadonlyMap<string, readonly number[]>,
): Assignment {
  const loads = subscribers
    .map(({ memberId, topics }) => ({ memberId, topics: new Set(topics), share: {}, partitionCount: 0 }))
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const readersOf = new Map<string, Load[]>(
    [...partitions.keys()].sort().map((topic) => [topic, loads.filter(({ topics }) => topics.has(topic))]),
  );
  // Those with few readers first: the others can then make up for what these have to take.
  for (const [topic, readers] of [...readersOf].sort(([, a], [, b]) => a.length - b.length)) {
    if (readers.length === 0) continue;
    for (const partition of [...partitions.get(topic)!].sort((a, b) => a - b)) {
      const reader = readers.reduce((least, next) => (isLighter(next, least, topic) ? next : least));
      reader.share[topic] ??= [];
      reader.share[topic].push(partition);
      reader.partitionCount += 1;
    }
  }
  return new Map(loads.map(({ memberId, share }) => [memberId, share]));
}

/** Of two alike the first stays, so that ids decide. */
function isLighter(a: Load, b: Load, topic: string): boolean {
  const [inTopicA, inTopicB] = [a.share[topic]?.length ?? 0, b.share[topic]?.length ?? 0];
  return inTopicA < inTopicB || (inTopicA === inTopicB && a.partitionCount < b.partitionCount);
}
