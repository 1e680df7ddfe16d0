import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import { onBroker, until, type WatchedBroker } from "./testing/watched-broker.ts";
import type { WatchedMember } from "./testing/watched-member.ts";

/**
 * What happens between two generations of the group, against the embedded broker. No consumer but the source runs in this
 * process: its record decoder is ours.
 */

/** The owner of the commits is not over. */
const goesOn = () => {};

/** The last offset that the member has been shown of a partition, under its present generation. */
function reached(of: WatchedMember, topic: string, partition: number): number {
  const generation = of.joins.at(-1)?.generation ?? -1;
  return of.batchesOf(topic, partition, generation).at(-1)?.lastOffset ?? -1;
}

function partitionsOf({ joins }: WatchedMember): number[] {
  return (joins.at(-1)?.partitions ?? []).map(({ partition }) => partition).sort();
}

async function untilPartitions(of: WatchedMember, partitions: number[]): Promise<void> {
  await until(`partitions ${partitions} are assigned`, () => partitionsOf(of).join() === partitions.join());
}

/** No more fetch is under way: the pause has reached kafkajs' fetcher. */
async function untilQuiet({ tap }: WatchedMember): Promise<void> {
  await until("nothing is fetched", async () => {
    const before = tap.count("Fetch");
    await sleep(300);
    return tap.count("Fetch") === before;
  });
}

/**
 * Every assignment begins at what was committed then, and goes on without a hole. Returns what is wrong: batches that do
 * not follow the one before, and batches that were shown between two assignments.
 */
function holes(of: WatchedMember): string[] {
  const stray = of.shown.filter(({ generation }) => generation === 0);
  const inOrder = of.joins.flatMap(({ generation, partitions }) =>
    partitions.flatMap(({ topic, partition, offset }) => {
      let next = offset;
      return of.batchesOf(topic, partition, generation).flatMap((batch) => {
        const wanted = next;
        next = batch.lastOffset + 1;
        // A fetch inside a batch brings the whole of it.
        if (batch.fetchOffset === wanted && batch.baseOffset <= wanted && batch.lastOffset >= wanted) return [];
        return [`${wanted} wanted of partition ${partition}, shown: ${JSON.stringify(batch)}`];
      });
    }),
  );
  return [...stray.map((batch) => `shown in a join: ${JSON.stringify(batch)}`), ...inOrder];
}

// By itself: it looks at how busy the event loop is.
describe("a join that fails", () => {
  onBroker(
    "is followed by another: batches are shown again, heartbeats go on, nothing spins",
    async ({ admin, member, createTopics, put }) => {
      await createTopics({ t: 2 });
      const a = member();
      await a.source.start();
      await put("t", [0, 1], 5);
      await until("all is shown", () => reached(a, "t", 0) === 4 && reached(a, "t", 1) === 4);
      // While no fetch is empty, kafkajs hears of the rebalance only with the heartbeat after a batch.
      let isLoaded = true;
      const load = (async () => {
        for (; isLoaded; await sleep(20)) await put("t", [0, 1], 1);
      })();
      a.tap.closeAt("JoinGroup", 2);
      const joinsBefore = a.joins.length;
      const b = member();
      await b.source.start();
      await until("both have a partition", () => partitionsOf(a).length === 1 && partitionsOf(b).length === 1);
      expect(a.joins.length).toBeGreaterThan(joinsBefore);
      isLoaded = false;
      await load;
      const ends = await admin.fetchTopicOffsets("t");
      await until("both are shown everything", () =>
        [a, b].every((each) => {
          const [partition] = partitionsOf(each) as [number];
          return reached(each, "t", partition) === Number(ends.find((end) => end.partition === partition)!.offset) - 1;
        }),
      );
      const [fetches, heartbeats, generation] = [a.tap.count("Fetch"), a.tap.count("Heartbeat"), a.joins.at(-1)];
      const loopBefore = performance.eventLoopUtilization();
      await sleep(1_500);
      // A fetch waits for 100 ms when there is nothing.
      expect(a.tap.count("Fetch") - fetches).toBeLessThan(40);
      expect(a.tap.count("Heartbeat") - heartbeats).toBeGreaterThan(1);
      expect(performance.eventLoopUtilization(loopBefore).utilization).toBeLessThan(0.8);
      expect(a.joins.at(-1)).toBe(generation);
      expect(holes(a)).toEqual([]);
      expect(a.crashes).toEqual([]);
    },
  );
});

describe.concurrent("a join that is stopped", () => {
  onBroker("leaves nobody behind when it was the first of its source", async ({ member, createTopics, put }) => {
    await createTopics({ t: 2 });
    const b = member({ beforeJoin: () => sleep(800) });
    await b.source.start();
    const a = member();
    const starting = a.source.start().catch(() => {});
    await until("the join has begun", () => a.tap.count("JoinGroup") > 0);
    await a.source.stop();
    await starting;
    await until("the other has joined anew", () => b.joins.length > 1);
    await put("t", [0, 1], 1);
    await until("it is shown everything", () => reached(b, "t", 0) === 0 && reached(b, "t", 1) === 0);
    expect(partitionsOf(b)).toEqual([0, 1]);
    expect([a.shown, a.crashes, a.joins]).toEqual([[], [], []]);
  });
});

describe.concurrent("pause, resume and seek", () => {
  const partition = { topic: "t", partition: 0 };

  function orderAll({ source }: WatchedMember): void {
    source.pause();
    source.seek(partition, 0);
    source.resume();
  }

  onBroker("do not throw before the start, and after the end", async ({ member, createTopics }) => {
    await createTopics({ t: 1 });
    const a = member();
    orderAll(a);
    await a.source.start();
    await until("it has joined", () => a.joins.length === 1);
    orderAll(a);
    const stopping = a.source.stop();
    orderAll(a);
    await stopping;
    orderAll(a);
  });

  onBroker("do not throw at any moment of a crash", async ({ member, createTopics, put }) => {
    await createTopics({ t: 1 });
    const a = member({
      onBatch() {
        throw new RangeError("this ends a consumer at once");
      },
    });
    await a.source.start();
    // kafkajs waits for what is under way before it tells of the crash.
    const held = a.tap.holdResponse("OffsetCommit", 0);
    const commit = a.joins[0]!.commit([{ topic: "t", partition: 0, offset: 0, metadata: "" }], goesOn).catch(() => {});
    await put("t", [0], 1);
    await until("the batch is shown", () => a.shown.length > 0);
    const endMs = Date.now() + 300;
    try {
      for (; Date.now() < endMs; await nextTurn()) orderAll(a);
    } finally {
      held.release();
    }
    await commit;
    await until("the crash is told", () => a.crashes.length > 0);
    expect(a.crashes.map(String)).toEqual([expect.stringContaining("this ends a consumer at once")]);
    orderAll(a);
  });

  onBroker("that came before an assignment hold for it", async ({ member, createTopics, put }) => {
    await createTopics({ t: 2 });
    await put("t", [0, 1], 1);
    const a = member();
    a.source.pause();
    await a.source.start();
    await until("it has joined", () => a.joins.length === 1);
    await sleep(400);
    expect(a.shown).toEqual([]);
    a.source.resume();
    await until("all is shown", () => a.shown.length === 2);
    // In the middle of a join: for partitions that the member does not have yet.
    const b = member({ onJoined: () => void a.source.pause() });
    await b.source.start();
    await untilPartitions(a, [partitionsOf(b)[0] === 0 ? 1 : 0]);
    await b.source.stop();
    await untilPartitions(a, [0, 1]);
    const { generation } = a.joins.at(-1)!;
    await sleep(400);
    expect([...a.batchesOf("t", 0, generation), ...a.batchesOf("t", 1, generation)]).toEqual([]);
    a.source.resume();
    await until("all is shown again", () => reached(a, "t", 0) === 0 && reached(a, "t", 1) === 0);
  });

  onBroker(
    "leave no partition paused that was given away paused and comes back",
    async ({ member, createTopics, put }) => {
      await createTopics({ t: 2 });
      const a = member();
      await a.source.start();
      await untilPartitions(a, [0, 1]);
      a.source.pause();
      const b = member();
      await b.source.start();
      await until("both have a partition", () => partitionsOf(a).length === 1 && partitionsOf(b).length === 1);
      a.source.resume();
      await b.source.stop();
      await untilPartitions(a, [0, 1]);
      await put("t", [0, 1], 3);
      await until("both partitions are fetched", () => reached(a, "t", 0) === 2 && reached(a, "t", 1) === 2);
    },
  );
});

describe.concurrent("the committed offset", () => {
  onBroker(
    "is there from the join on, so that a group that begins at the end skips nothing before its first commit",
    async ({ member, createTopics, put }) => {
      await createTopics({ t: 2 });
      await put("t", [0, 1], 2);
      const a = member({ from: "latest" });
      await a.source.start();
      await untilPartitions(a, [0, 1]);
      await put("t", [0, 1], 3);
      await until("all is shown", () => reached(a, "t", 0) === 4 && reached(a, "t", 1) === 4);
      const b = member({ from: "latest" });
      await b.source.start();
      await until("both have a partition", () => partitionsOf(a).length === 1 && partitionsOf(b).length === 1);
      await until("what was not committed is shown again", () =>
        [a, b].every((each) => reached(each, "t", partitionsOf(each)[0]!) === 4),
      );
      const shownAgain = [a, b].flatMap((each) =>
        each.batchesOf("t", partitionsOf(each)[0]!, each.joins.at(-1)!.generation),
      );
      expect(shownAgain.map(({ fetchOffset, lastOffset }) => [fetchOffset, lastOffset])).toEqual([
        [2, 4],
        [2, 4],
      ]);
      expect(a.begun.sort()).toEqual([
        ["t", 0, 2],
        ["t", 1, 2],
      ]);
      expect(b.begun).toEqual([]);
    },
  );

  onBroker("cannot be moved under a generation that is over", async ({ member, createTopics, put }) => {
    await createTopics({ t: 2 });
    const a = member();
    await a.source.start();
    await untilPartitions(a, [0, 1]);
    await put("t", [0, 1], 3);
    await until("all is shown", () => reached(a, "t", 0) === 2 && reached(a, "t", 1) === 2);
    const first = a.joins.at(-1)!;
    await first.commit([{ topic: "t", partition: 0, offset: 1, metadata: "m1" }], goesOn);
    const b = member();
    await b.source.start();
    await until("both have a partition", () => partitionsOf(a).length === 1 && partitionsOf(b).length === 1);
    const commits = [0, 1].map((partition) =>
      first.commit([{ topic: "t", partition, offset: 3, metadata: "" }], goesOn),
    );
    const outcomes = await Promise.allSettled(commits);
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual([
      expect.any(StaleOwner),
      expect.any(StaleOwner),
    ]);
    await a.source.stop();
    await expect(
      a.joins.at(-1)!.commit([{ topic: "t", partition: 0, offset: 3, metadata: "" }], goesOn),
    ).rejects.toBeInstanceOf(StaleOwner);
    await untilPartitions(b, [0, 1]);
    expect(b.joins.at(-1)!.partitions.sort((x, y) => x.partition - y.partition)).toEqual([
      { topic: "t", partition: 0, offset: 1, metadata: "m1" },
      { topic: "t", partition: 1, offset: 0, metadata: "" },
    ]);
  });
});

describe.concurrent("what was fetched under an earlier generation", () => {
  onBroker(
    "is not shown when its response comes after the next join, and nothing before it is skipped",
    async ({ admin, member, createTopics, put }) => {
      await createTopics({ t: 1 });
      await createTopics({ u: 1 });
      // Two brokers, as far as the client knows: it fetches `u` beside `t`.
      const a = member({ topics: ["t", "u"], secondNodeTopics: ["u"] });
      await a.source.start();
      await put("t", [0], 5);
      await until("the first batch is shown", () => reached(a, "t", 0) === 4);
      const held = a.tap.holdResponse("Fetch", 200);
      await put("t", [0], 5);
      await until("the second batch is under way", () => held.isHeld);
      const before = a.joins.length;
      // The fetch of `u` fails, which makes kafkajs join in the middle of the fetch of `t`.
      await admin.deleteTopics({ topics: ["u"] });
      await until("the member has joined anew", () => a.joins.length > before);
      held.release();
      await put("t", [0], 1);
      await until("the last record is shown", () => reached(a, "t", 0) === 10);
      expect(holes(a)).toEqual([]);
      expect(a.crashes).toEqual([]);
    },
  );

  onBroker(
    "is shown once more to somebody while members come and go under load, and join slowly",
    async ({ admin, members, member, createTopics, put }) => {
      const partitions = [0, 1, 2, 3, 4, 5];
      await createTopics({ t: partitions.length });
      /** Commits a part of what was shown now and then, as a pipeline does. */
      function loaded(): WatchedMember {
        let count = 0;
        const made: WatchedMember = member({
          beforeJoin: () => sleep(150),
          onBatch({ topic, partition, lastOffset }) {
            count += 1;
            if (count % 7 !== 0) return;
            const commit = made.joins.at(-1)!.commit([{ topic, partition, offset: lastOffset, metadata: "" }], goesOn);
            commit.catch((error) => expect(error).toBeInstanceOf(StaleOwner));
          },
        });
        return made;
      }
      let isLoaded = true;
      const load = (async () => {
        for (; isLoaded; await sleep(10)) await put("t", partitions, 3);
      })();
      const a = loaded();
      await a.source.start();
      for (let visit = 0; visit < 3; visit += 1) {
        const visitor = loaded();
        await visitor.source.start();
        await until("the visitor has its share", () => partitionsOf(visitor).length === 3);
        await sleep(400);
        await visitor.source.stop();
        await untilPartitions(a, partitions);
      }
      const b = loaded();
      await b.source.start();
      await until("both have their share", () => partitionsOf(a).length === 3 && partitionsOf(b).length === 3);
      isLoaded = false;
      await load;
      const ends = await admin.fetchTopicOffsets("t");
      const owner = (partition: number) => [a, b].find((each) => partitionsOf(each).includes(partition))!;
      await until("everything is shown", () =>
        ends.every(({ partition, offset }) => reached(owner(partition), "t", partition) === Number(offset) - 1),
      );
      expect(members.flatMap(holes)).toEqual([]);
      expect(members.flatMap(({ crashes }) => crashes)).toEqual([]);
    },
  );
});

describe.concurrent("an offset out of range", () => {
  onBroker(
    "at the low end is told with the log's bounds, and the source goes on at the answer",
    async ({ dataDir, member, createTopics, put, whileClosed }) => {
      await createTopics({ t: 1 }, { "segment.bytes": "500" });
      const first = member();
      await first.source.start();
      for (let batch = 0; batch < 6; batch += 1) await put("t", [0], 10);
      await until("all is shown", () => reached(first, "t", 0) === 59);
      await first.source.stop();
      let kept = "";
      await whileClosed(async () => {
        // Retention, which the embedded broker has not.
        const folder = join(dataDir, "topics", "t", "0");
        const segments = (await readdir(folder)).sort() as [string, string, string];
        kept = segments[2];
        await Promise.all(segments.slice(0, 2).map((name) => rm(join(folder, name))));
      });
      const logStart = Number(kept.slice(0, 20));
      const asked: number[][] = [];
      const next = member({
        onOutOfRange({ partition }, offset, start, end) {
          asked.push([partition, offset, start, end]);
          return start + 5;
        },
      });
      await next.source.start();
      await until("the rest is shown", () => reached(next, "t", 0) === 59);
      expect(asked).toEqual([[0, 0, logStart, 60]]);
      expect(logStart).toBeGreaterThan(0);
      expect(next.shown[0]).toMatchObject({ fetchOffset: logStart + 5, baseOffset: logStart });
      expect(next.crashes).toEqual([]);
    },
  );

  onBroker("at the high end is told and answered alike", async (broker) => {
    const { asked, a, before } = await readAnew(broker, async ({ joins }) => {
      // Kafka forgets the offsets of a deleted topic; this commit comes after it was made anew.
      await joins.at(-1)!.commit([{ topic: "t", partition: 0, offset: 20, metadata: "" }], () => {});
    });
    expect(asked).toEqual([[0, 20, 0, 3]]);
    expect(a.shown.slice(before)).toMatchObject([{ fetchOffset: 0, baseOffset: 0, lastOffset: 2 }]);
    expect(a.begun).toEqual([["t", 0, 0]]);
  });

  onBroker(
    "at the high end, in a topic that was made anew and has no commit, makes the group begin it",
    async (broker) => {
      const { asked, a, before } = await readAnew(broker, async () => {});
      expect(asked).toEqual([]);
      expect(a.begun).toEqual([
        ["t", 0, 0],
        ["t", 0, 0],
      ]);
      expect(a.shown.slice(before)).toMatchObject([{ fetchOffset: 0, baseOffset: 0, lastOffset: 2 }]);
    },
  );

  /** Twenty records are read, the topic is made anew while fetches are paused, and three records are in it then. */
  async function readAnew(
    { admin, start, createTopics, put }: WatchedBroker,
    meanwhile: (of: WatchedMember) => Promise<void>,
  ) {
    await createTopics({ t: 1 });
    const asked: number[][] = [];
    const a = await start({
      onOutOfRange({ partition }, offset, logStart, logEnd) {
        asked.push([partition, offset, logStart, logEnd]);
        return logStart;
      },
    });
    await put("t", [0], 20);
    await until("all is shown", () => reached(a, "t", 0) === 19);
    a.source.pause();
    await untilQuiet(a);
    await admin.deleteTopics({ topics: ["t"] });
    await createTopics({ t: 1 });
    await put("t", [0], 3);
    await meanwhile(a);
    const before = a.shown.length;
    a.source.resume();
    await until("the new topic is shown", () => a.shown.length > before);
    expect(a.crashes).toEqual([]);
    return { asked, a, before };
  }
});
