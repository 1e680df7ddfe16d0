import { type Admin, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { describeEitherBroker, type TestBroker } from "./testing/either-broker.ts";
import { until } from "./testing/watched-group.ts";
import { type MemberSetup, type WatchedMember, watchMember } from "./testing/watched-member.ts";

/** What a member is told of the whole group's commits at a join, and where it begins to fetch then. */

/** Kafka allows no session shorter than six seconds. */
const SESSION_TIMEOUT_MS = 6_000;
const CASE_TIMEOUT_MS = 120_000;
const PARTITIONS = 4;

interface Group {
  admin: Admin;
  /** A started member that has joined. */
  start(setup?: Partial<MemberSetup>): Promise<WatchedMember>;
}

const goesOn = () => {};
const inOrder = (commits: readonly CommitOffset[]) =>
  [...commits].sort((a, b) => (partitionKey(a) < partitionKey(b) ? -1 : 1));
const isOf = (own: CommitOffset, other: CommitOffset) => partitionKey(own) === partitionKey(other);
const at = (topic: string, partition: number, offset: number, metadata = ""): CommitOffset => {
  return { topic, partition, offset, metadata };
};

const cases: [name: string, run: (group: Group) => Promise<void>][] = [
  [
    "tells the commits of partitions that others own, and of topics that nobody reads",
    async ({ start }) => {
      const first = await start({ topics: ["t", "other"] });
      const [join] = first.joins as [(typeof first.joins)[0]];
      expect(join.groupCommits).toEqual([]);
      const commits = [at("t", 0, 1, "m2 1-4@7"), at("t", 1, 2), at("t", 2, 0), at("other", 3, 0, "m2 0-0@9")];
      await join.commit(commits, goesOn);
      const others = ["0", "1", "2"].map((partition) => at("other", Number(partition), 0));
      const expected = inOrder([...commits, at("t", 3, 0), ...others]);
      await first.source.stop();
      const [a, b] = [await start(), await start()];
      await until("both have their share", () =>
        [a, b].every((each) => each.joins.at(-1)!.partitions.length === PARTITIONS / 2),
      );
      for (const { joins } of [a, b]) {
        const { groupCommits, partitions } = joins.at(-1)!;
        expect(inOrder(groupCommits)).toEqual(expected);
        expect(groupCommits).toEqual(expect.arrayContaining(partitions));
      }
      expect([...a.begun, ...b.begun]).toEqual([]);
      // And again as it is when both have committed something: before, no broker has shown that it knows the last commits.
      const [ofA, ofB] = [a, b].map(({ joins }) => joins.at(-1)!);
      await expect(ofB!.readGroupCommits()).rejects.toThrow("no broker is known");
      const [fromA, fromB] = [ofA, ofB].map((each) => ({ ...each!.partitions[0]!, metadata: "m3 7-9@7?" }));
      await ofA!.commit([fromA!], goesOn);
      await ofB!.commit([fromB!], goesOn);
      const now = [...expected.filter((each) => ![fromA, fromB].some((own) => isOf(own!, each))), fromA!, fromB!];
      expect(inOrder(await ofB!.readGroupCommits())).toEqual(inOrder(now));
      // All of it in one request.
      const { sent } = a.tap;
      expect(sent.slice(sent.lastIndexOf("JoinGroup")).filter((api) => api === "OffsetFetch")).toHaveLength(1);
    },
  ],

  [
    "tells nothing of a topic that was deleted, once the coordinator has forgotten it",
    async ({ start, admin }) => {
      const first = await start({ topics: ["t", "gone"] });
      await first.source.stop();
      await admin.deleteTopics({ topics: ["gone"] });
      const second = await start();
      const told = () => inOrder(second.joins.at(-1)!.groupCommits);
      for (let joins = 1; told().length > PARTITIONS; joins += 1) {
        second.tap.rejoin();
        await until("it has joined anew", () => second.joins.length > joins);
      }
      expect(told()).toEqual([0, 1, 2, 3].map((id) => at("t", id, 0)));
    },
  ],

  [
    "tells all of a thousand partitions in one answer",
    async ({ start }) => {
      const first = await start({ topics: ["wide"] });
      // As much as Kafka takes in all of them: the largest answer that there can be.
      const metadata = "x".repeat(4_096);
      const commits = Array.from({ length: 1_000 }, (_, partition) => at("wide", partition, 0, metadata));
      for (let from = 0; from < 1_000; from += 200) {
        await first.joins[0]!.commit(commits.slice(from, from + 200), goesOn);
      }
      await first.source.stop();
      const second = await start({ topics: ["wide"] });
      expect(inOrder(second.joins[0]!.groupCommits)).toEqual(inOrder(commits));
      expect(second.tap.count("OffsetFetch")).toBe(1);
    },
  ],

  [
    "begins to fetch where its listener says, and at the commit where it says nothing",
    async ({ start }) => {
      const first = await start();
      await first.joins[0]!.commit([at("t", 0, 3), at("t", 1, 3), at("t", 2, 3)], goesOn);
      await first.source.stop();
      const starts = new Map([
        ["t:0", 7],
        ["t:1", 10],
        ["absent:0", 3],
      ]);
      const second = await start({ onJoined: () => starts });
      const ends = () => [2, 3, 0].map((id) => second.batchesOf("t", id).at(-1)?.lastOffset);
      await until("the rest is shown", () => ends().every((last) => last === 9));
      expect([0, 1, 2, 3].map((id) => second.batchesOf("t", id)[0]?.fetchOffset)).toEqual([7, undefined, 3, 0]);
      const { partitions } = second.joins[0]!;
      expect(inOrder(partitions).map(({ offset }) => offset)).toEqual([3, 3, 3, 0]);
      expect(second.crashes).toEqual([]);
    },
  ],

  [
    "tells when the log ends before the offset to begin at, and goes on at the answer",
    async ({ start }) => {
      const first = await start();
      await first.joins[0]!.commit([at("t", 0, 3)], goesOn);
      await first.source.stop();
      const asked: number[][] = [];
      const second = await start({
        onJoined: () => new Map([["t:0", 15]]),
        onOutOfRange({ partition }, offset, logStart, logEnd) {
          asked.push([partition, offset, logStart, logEnd]);
          return 6;
        },
      });
      await until("the rest is shown", () => second.batchesOf("t", 0).at(-1)?.lastOffset === 9);
      expect(asked).toEqual([[0, 15, 0, 10]]);
      expect(second.batchesOf("t", 0)[0]).toMatchObject({ fetchOffset: 6 });
    },
  ],

  [
    "stops the consumer that would fetch what is committed already",
    async ({ start }) => {
      const first = await start();
      await first.joins[0]!.commit([at("t", 0, 3)], goesOn);
      await first.source.stop();
      const second = await start({ onJoined: () => new Map([["t:0", 2]]) });
      await until("it has crashed", () => second.crashes.length > 0);
      expect(second.crashes[0]).toMatchObject({ message: "Cannot fetch t:0 from 2: 3 is committed" });
      expect(second.shown).toEqual([]);
    },
  ],
];

describeEitherBroker("a join", (open) => {
  let broker: TestBroker;
  let admin: Admin;

  beforeAll(async () => {
    broker = await open();
    const kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
    await fill(kafka, admin);
  }, 60_000);
  afterAll(async () => {
    await admin.disconnect();
    await broker.close();
  });

  /** Side by side, each in a group of its own: what takes the time is heartbeats. */
  describe.concurrent("of a group", () => {
    it.each(cases)(
      "%s",
      async (name, run) => {
        const own = { port: broker.port, groupId: name.replaceAll(" ", "-"), sessionTimeoutMs: SESSION_TIMEOUT_MS };
        const members: WatchedMember[] = [];
        const start = async (setup: Partial<MemberSetup> = {}) => {
          const made = watchMember({ topics: ["t"], ...setup, ...own });
          members.push(made);
          await made.source.start();
          await until("it has joined", () => made.joins.length > 0);
          return made;
        };
        const stop = () => Promise.all(members.map(({ source }) => source.stop().catch(() => {})));
        await run({ admin, start }).finally(stop);
      },
      CASE_TIMEOUT_MS,
    );
  });
});

/** Ten records, one by one, in each partition of `t`. */
async function fill(kafka: Kafka, admin: Admin): Promise<void> {
  const counts = { t: PARTITIONS, other: PARTITIONS, gone: PARTITIONS, wide: 1_000 };
  const topics = Object.entries(counts).map(([topic, numPartitions]) => ({ topic, numPartitions }));
  await admin.createTopics({ topics, waitForLeaders: true });
  // The broker names leaders before it leads: a record would be sent again with those that it had taken.
  for (const { topic } of topics) {
    const isLed = () => admin.fetchTopicOffsets(topic).then(Boolean, () => false);
    await until("all partitions answer", isLed);
  }
  const producer = kafka.producer();
  await producer.connect();
  for (let offset = 0; offset < 10; offset += 1) {
    const messages = [0, 1, 2, 3].map((partition) => ({ value: `record ${offset}`, partition }));
    await producer.send({ topic: "t", messages });
  }
  await producer.disconnect();
}
