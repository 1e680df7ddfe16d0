/**
 * What the group's leader tells every member beside its partitions, in the `userData` of the assignment: one look at the
 * cluster for the whole group, so that two members never decide by two.
 */
export interface GroupPlan {
  /** How many partitions each topic had; a topic that was not there is not named. */
  partitionCounts: Record<string, number>;
  /** Topics of which the group had committed offsets before this generation; undefined: the leader did not look. */
  begun: string[] | undefined;
}

export function encodeGroupPlan(plan: GroupPlan): Buffer {
  return Buffer.from(JSON.stringify(plan));
}

/** Undefined when the leader is of an older version, or another program: it says nothing. */
export function decodeGroupPlan(userData: Buffer | null | undefined): GroupPlan | undefined {
  if (userData === undefined || userData === null || userData.length === 0) return undefined;
  try {
    const { partitionCounts, begun } = JSON.parse(userData.toString()) as Partial<GroupPlan>;
    if (typeof partitionCounts !== "object" || partitionCounts === null) return undefined;
    return { partitionCounts, begun: Array.isArray(begun) ? begun : undefined };
  } catch {
    return undefined;
  }
}
