import { beforeEach, describe, expect, it } from "vitest";
import { NO_LEADER } from "../../clients/kafka/partial-admin.ts";
import { TopicWatch } from "./topic-watch.ts";

/** The metadata of topics, by the leaders of their partitions. */
const clusterOf = (topics: Record<string, number[]>) =>
  Object.entries(topics).map(([topic, leaders]) => ({
    topic,
    partitionMetadata: leaders.map((leader, partitionId) => ({ leader, partitionId })),
  }));
const at = (topic: string, partition: number) => ({ topic, partition });

describe("TopicWatch", () => {
  let watch: TopicWatch;
  const both = clusterOf({ a: [1, 2], b: [1] });

  beforeEach(() => {
    watch = new TopicWatch(["a", "b"]);
    watch.joined([at("a", 0), at("a", 1), at("b", 0)], [], { partitionCounts: { a: 2, b: 1 }, begun: undefined }, 0);
  });

  it("has nothing to tell, and no reason to join, while everything is there", () => {
    expect([watch.unread(both, 10_000), watch.rejoinReason(both, 10_000)]).toEqual([[], undefined]);
  });

  it("tells a topic that is absent and a partition without a leader, and joins only for the first", () => {
    const absent = clusterOf({ a: [1, 2], b: [] });
    expect(watch.unread(absent, 1)).toEqual([{ topic: "b", partition: undefined, reason: "there is no such topic" }]);
    expect(watch.rejoinReason(absent, 10_000)).toContain("b:0");
    const leaderless = clusterOf({ a: [1, NO_LEADER], b: [1] });
    expect(watch.unread(leaderless, 1)).toEqual([{ ...at("a", 1), reason: "it has no leader" }]);
    expect(watch.rejoinReason(leaderless, 20_000)).toBeUndefined();
  });

  it("lets a partition rest whose fetch failed, and tells it when that lasts", () => {
    for (const nowMs of [0, 600, 1_200, 1_800, 2_400, 3_000]) {
      watch.failed([{ ...at("a", 1), type: "KAFKA_STORAGE_ERROR" }], nowMs);
      expect(watch.unread(both, nowMs).length).toBe(nowMs < 3_000 ? 0 : 1);
    }
    expect([
      watch.isResting(at("a", 1), 3_499),
      watch.isResting(at("a", 1), 3_500),
      watch.isResting(at("a", 0), 3_100),
    ]).toEqual([...[true, false, false]]);
    expect(watch.unread(both, 6_100)).toEqual([]);
  });

  it("joins for new partitions, and for one that was left out once it has a leader", () => {
    expect(watch.rejoinReason(clusterOf({ a: [1, 2, 2], b: [1] }), 10_000)).toContain("a has 3 partitions");
    watch.joined([at("a", 0), at("a", 1)], [at("a", 1)], { partitionCounts: { a: 2, b: 1 }, begun: undefined }, 10_000);
    expect(watch.rejoinReason(clusterOf({ a: [1, NO_LEADER], b: [1] }), 30_000)).toBeUndefined();
    expect(watch.rejoinReason(both, 30_000)).toContain("a:1");
  });

  it("asks less and less often while the leader of the group does not see what this member sees", () => {
    const pauses: number[] = [];
    let nowMs = 0;
    for (let joins = 0; joins < 7; joins += 1) {
      watch.joined([], [], { partitionCounts: { a: 2 }, begun: undefined }, nowMs);
      const joinedMs = nowMs;
      while (watch.rejoinReason(both, nowMs) === undefined) nowMs += 500;
      pauses.push(nowMs - joinedMs);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(watch.unread(both, nowMs)).toEqual([
      { topic: "b", partition: undefined, reason: "the leader of the group does not see it" },
    ]);
    watch.joined([], [], { partitionCounts: { a: 2, b: 1 }, begun: undefined }, nowMs);
    expect([watch.unread(both, nowMs), watch.rejoinReason(both, nowMs + 60_000)]).toEqual([[], undefined]);
  });
});
