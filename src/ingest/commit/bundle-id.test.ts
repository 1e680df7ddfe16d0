import { expect, test } from "vitest";
import { compareTopicPartitions } from "../../core/topic-partition.ts";
import { bundleIdOf } from "./bundle-id.ts";

const member = (topic: string, partition: number, firstOffset: number, lastOffset: number) => ({
  topic,
  partition,
  firstOffset,
  lastOffset,
});
const members = [member("a", 2, 0, 9), member("a", 10, 5, 5), member("b", 0, 7, 8)];

test("the order is by topic, then by partition as a number", () => {
  expect([members[2]!, members[1]!, members[0]!].sort(compareTopicPartitions)).toEqual(members);
});

test("an id depends on every range and on the judging time, and on nothing else", () => {
  const id = bundleIdOf(members, 1_000);
  expect(id).toMatch(/^[\w-]{16}$/);
  expect(bundleIdOf(structuredClone(members), 1_000)).toBe(id);
  const others = [
    bundleIdOf(members, 1_001),
    bundleIdOf(members.slice(1), 1_000),
    bundleIdOf([...members].reverse(), 1_000),
    ...members.map((_, index) =>
      bundleIdOf(
        members.map((each, at) => (at === index ? { ...each, lastOffset: each.lastOffset + 1 } : each)),
        1_000,
      ),
    ),
  ];
  expect(new Set([id, ...others]).size).toBe(1 + others.length);
});
