import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { onBroker, until } from "./testing/watched-broker.ts";
import type { WatchedMember } from "./testing/watched-member.ts";

/** Topics and partitions that come and go while a group reads, and members that read different ones. */

/** The last offset that a member has been shown of a partition; −1: none. */
function last(of: WatchedMember, topic: string, partition: number): number {
  return of.batchesOf(topic, partition).at(-1)?.lastOffset ?? -1;
}

describe.concurrent("members of one group that read different topics", () => {
  onBroker("are each given all of their own, whoever leads", async ({ start, createTopics, put }) => {
    await createTopics({ a: 2, b: 2 });
    for (const topic of ["a", "b"]) for (const partition of [0, 1]) await put(topic, [partition]);
    const one = await start({ topics: ["a"] });
    await until("the first has its topic", () => last(one, "a", 0) === 0 && last(one, "a", 1) === 0);
    const two = await start({ topics: ["b"] });
    await until("the second has its topic", () => last(two, "b", 0) === 0 && last(two, "b", 1) === 0);
    for (const topic of ["a", "b"]) for (const partition of [0, 1]) await put(topic, [partition]);
    await until("both are shown more", () =>
      [0, 1].every((partition) => last(one, "a", partition) === 1 && last(two, "b", partition) === 1),
    );
    expect([one, two].flatMap(({ unread, crashes }) => [...unread.flat(), ...crashes])).toEqual([]);
  });

  onBroker(
    "read a topic that a deploy adds, beside members that do not know it",
    async ({ start, createTopics, put }) => {
      await createTopics({ a: 2, b: 2 });
      const old = await start({ topics: ["a"] });
      const next = await start({ topics: ["a", "b"] });
      for (const topic of ["a", "b"]) for (const partition of [0, 1]) await put(topic, [partition]);
      await until("everything is shown to somebody", () =>
        ["a", "b"].every((topic) => [0, 1].every((at) => [old, next].some((each) => last(each, topic, at) === 0))),
      );
      expect(old.shown.filter(({ topic }) => topic === "b")).toEqual([]);
    },
  );
});

describe.concurrent("a partition that is added while the group reads", () => {
  onBroker(
    "is found, and read from its start, though the group began at the end",
    async ({ admin, start, createTopics, put }) => {
      await createTopics({ t: 1 });
      await put("t", [0], 5);
      const a = await start({ from: "latest" });
      await until("it has joined", () => a.joins.length === 1);
      await put("t", [0]);
      await admin.createPartitions({ topicPartitions: [{ topic: "t", count: 2 }] });
      await sleep(300);
      await put("t", [1], 3);
      await until("the new partition is shown", () => last(a, "t", 1) === 2);
      expect(a.begun).toEqual([
        ["t", 0, 5],
        ["t", 1, 0],
      ]);
      expect(a.shown.filter(({ partition }) => partition === 1)[0]).toMatchObject({ baseOffset: 0 });
    },
  );

  onBroker("is read from its start by a group that was away meanwhile", async ({ admin, start, createTopics, put }) => {
    await createTopics({ t: 1 });
    const a = await start({ from: "latest" });
    await until("it has joined", () => a.joins.length === 1);
    await a.source.stop();
    await admin.createPartitions({ topicPartitions: [{ topic: "t", count: 3 }] });
    await put("t", [2], 4);
    // Two that come at once: what the first begins must not look like a topic of old to the second, nor the other way.
    const [b, c] = await Promise.all([start({ from: "latest" }), start({ from: "latest" })]);
    await until("it is shown", () => last(b, "t", 2) === 3 || last(c, "t", 2) === 3);
  });

  onBroker("does not make a group read what was there before it first came", async ({ start, createTopics, put }) => {
    await createTopics({ t: 4 });
    for (const partition of [0, 1, 2, 3]) await put("t", [partition], 5);
    const both = await Promise.all([start({ from: "latest" }), start({ from: "latest" })]);
    await until("all is begun", () => new Set(both.flatMap(({ begun }) => begun.map(([, at]) => at))).size === 4);
    await sleep(500);
    expect(both.flatMap(({ begun }) => begun.map(([, , offset]) => offset))).toEqual([5, 5, 5, 5]);
    expect(both.flatMap(({ shown }) => shown)).toEqual([]);
  });
});

describe.concurrent("a topic that is not there", () => {
  onBroker(
    "at the start is told, and read from its start when it comes, also by a group that begins at the end",
    async ({ admin, start, createTopics, put }) => {
      await createTopics({ t: 1 });
      const absent = new Set<string>();
      const a = await start({
        ...{ topics: ["t", "later"], from: "latest" },
        onUnread(unread) {
          for (const { topic } of unread) absent.add(topic);
        },
        isNewTopic: (topic) => absent.has(topic),
      });
      await put("t", [0]);
      await until("the other is read", () => last(a, "t", 0) === 0);
      expect(a.unread).toEqual([[{ topic: "later", partition: undefined, reason: "there is no such topic" }]]);
      expect(await admin.listTopics()).toEqual(["t"]);
      await createTopics({ later: 2 });
      await put("later", [1], 2);
      await until("it is read", () => last(a, "later", 1) === 1);
      await put("later", [0], 2);
      await until("all of it is read", () => last(a, "later", 0) === 1);
      await until("nothing is told any more", () => a.unread.at(-1)?.length === 0);
      expect(a.crashes).toEqual([]);
    },
  );

  onBroker(
    "any more is told, blocks neither fetches nor commits of the others, and is begun when it comes back",
    async ({ admin, start, createTopics, put }) => {
      await createTopics({ t: 1, gone: 2 });
      const a = await start({ topics: ["t", "gone"] });
      for (const [topic, partition] of [
        ["t", 0],
        ["gone", 0],
        ["gone", 1],
      ] as const)
        await put(topic, [partition], 2);
      await until("all is shown", () => last(a, "t", 0) === 1 && last(a, "gone", 0) === 1 && last(a, "gone", 1) === 1);
      const before = a.joins.at(-1)!;
      const at = (topic: string, partition: number, offset: number) => ({ topic, partition, offset, metadata: "" });
      await admin.deleteTopics({ topics: ["gone"] });
      expect(await before.commit([at("gone", 1, 2), at("t", 0, 1)], () => {})).toMatchObject([
        { topic: "gone", partition: 1 },
      ]);
      await until("it is told", () => a.unread.at(-1)?.[0]?.topic === "gone");
      await until("the member has joined without it", () => a.joins.at(-1)!.partitions.length === 1);
      expect(a.joins.at(-1)!.partitions).toEqual([at("t", 0, 1)]);
      const fetches = a.tap.count("Fetch");
      await sleep(2_500);
      // One every 100 ms, and no request without an end because one partition fails.
      expect(a.tap.count("Fetch") - fetches).toBeLessThan(50);
      await put("t", [0]);
      await until("the other is read on", () => last(a, "t", 0) === 2);
      expect(await admin.listTopics()).toEqual(["t"]);
      a.begun.length = 0;
      await createTopics({ gone: 1 });
      await put("gone", [0], 7);
      await until("the new one is read from its start", () => last(a, "gone", 0) === 6);
      expect(a.begun).toEqual([["gone", 0, 0]]);
      expect(a.crashes).toEqual([]);
    },
  );
});
