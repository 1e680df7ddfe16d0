import { describe, expect, it } from "vitest";
import { assignBySubscription } from "./assign.ts";

function assign(members: Record<string, string[]>, topics: Record<string, number>) {
  const subscribers = Object.entries(members).map(([memberId, read]) => ({ memberId, topics: read }));
  const partitions = Object.entries(topics).map(
    ([topic, count]) => [topic, Array.from({ length: count }, (_, partition) => partition)] as const,
  );
  return Object.fromEntries(assignBySubscription(subscribers, new Map(partitions)));
}

describe("assignBySubscription()", () => {
  it("gives a topic only to members that read it", () => {
    expect(assign({ a: ["x"], b: ["y"] }, { x: 2, y: 2 })).toEqual({ a: { x: [0, 1] }, b: { y: [0, 1] } });
  });

  it("gives every partition to exactly one member while a rolling deploy adds a topic", () => {
    const given = assign({ old: ["x"], new: ["x", "y"] }, { x: 3, y: 2 });
    expect(given).toEqual({ new: { x: [1], y: [0, 1] }, old: { x: [0, 2] } });
  });

  it("is even within each topic and in all", () => {
    const topics = { x: 5, y: 1, z: 1, w: 3 };
    const given = assign({ a: Object.keys(topics), b: Object.keys(topics), c: Object.keys(topics) }, topics);
    const shares = Object.values(given);
    const counts = shares.map((share) => Object.values(share).flat().length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(10);
    expect(Math.max(...counts) - Math.min(...counts)).toBe(1);
    for (const topic of Object.keys(topics)) {
      const within = shares.map((share) => share[topic]?.length ?? 0);
      expect(Math.max(...within) - Math.min(...within)).toBeLessThanOrEqual(1);
    }
  });

  it("does not depend on the order in which members and topics are named", () => {
    const one = assign({ a: ["x", "y"], b: ["y"] }, { x: 3, y: 4 });
    expect(assign({ b: ["y"], a: ["y", "x"] }, { y: 4, x: 3 })).toEqual(one);
  });

  it("leaves a topic that nobody reads to nobody, and a member without topics without partitions", () => {
    expect(assign({ a: ["x"], b: [] }, { x: 1, z: 4 })).toEqual({ a: { x: [0] }, b: {} });
  });
});
