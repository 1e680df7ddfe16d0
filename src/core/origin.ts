/**
 * Where rows come from: the Kafka cluster, and the consumer group whose commits carry the ranges in flight. Two clusters
 * may have a topic of one name, and two groups may read one topic; within a group a topic belongs to one pipeline.
 */
export interface Origin {
  /** The cluster's id, as its brokers tell it; "" where they do not. */
  cluster: string;
  group: string;
}

/** Of a plan that reads no topic and writes no row: nobody's. */
export const nobody: Origin = { cluster: "", group: "" };

/**
 * What stands before `topic:partition:first-last` in a deduplication token: `cluster:group`, each with everything but
 * letters, digits and `-_.!~*'()` as %XX, because a group's name may hold any character.
 *
 * The pipeline is not in it: it may be renamed between a crash and the next start, and the group's ranges in flight must
 * keep their tokens.
 */
export function tokenScopeOf({ cluster, group }: Origin): string {
  return `${encodeURIComponent(cluster)}:${encodeURIComponent(group)}`;
}
