import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { realKafka, startRealKafka } from "../../testing/kafka/real-kafka.ts";
import type { Membership } from "./membership.ts";
import { lastOf, partitionsOf, until, type WatchedGroup, watchGroup } from "./testing/watched-group.ts";

/**
 * No two epochs share what the coordinator tells them apart by, and nothing of one counts after its end: against the
 * embedded broker and Apache Kafka.
 */

interface Server {
  port: number;
  close(): Promise<unknown>;
}

const real = await realKafka();
if (!real.available) console.warn(`skipped: ${real.reason}`);

/** Kafka allows no session shorter than six seconds. */
const SESSION_TIMEOUT_MS = 6_000;
const PARTITIONS = 6;
const CASE_TIMEOUT_MS = 120_000;
const goesOn = () => {};

const outcomeOf = (commit: Promise<unknown>): Promise<unknown> =>
  commit.then(
    () => "taken",
    (error: unknown) => error,
  );

function suite(openServer: () => Promise<Server>): void {
  let server: Server;
  let admin: Admin;
  let groups = 0;

  beforeAll(async () => {
    server = await openServer();
    admin = new Kafka({ brokers: [`127.0.0.1:${server.port}`], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: PARTITIONS }] });
  }, 60_000);
  afterAll(async () => {
    await admin.disconnect();
    await server.close();
  });

  /** Side by side, each in a group of its own: what takes the time is heartbeats. */
  function inGroup(name: string, run: (group: WatchedGroup) => Promise<void>): void {
    it(
      name,
      async () => {
        groups += 1;
        const group = watchGroup(admin, PARTITIONS, {
          ...{ port: server.port, groupId: `g${groups}`, topics: ["t"], sessionTimeoutMs: SESSION_TIMEOUT_MS },
        });
        await run(group).finally(() => group.stop());
      },
      CASE_TIMEOUT_MS,
    );
  }

  const stateOf = (membership: Membership, offset: number): CommitOffset[] => [
    { ...membership.partitions[0]!, offset, metadata: `m1 ${offset}-${offset + 9}@1` },
  ];

  inGroup("a member that joins a group which stands still gets a generation of its own", async ({ pair, joinAnew }) => {
    const [follower, leader] = await pair();
    for (const member of [follower, leader, follower]) {
      const [before, after] = await joinAnew(member);
      expect(after.generation).toBeGreaterThan(before.generation);
    }
  });

  inGroup("a coordinator that gives a generation twice is asked as a new member", async ({ pair, joinAnew }) => {
    const [follower] = await pair();
    follower.tap.maskJoins();
    await joinAnew(follower);
    const joins = follower.tap.count("JoinGroup");
    const [before, after] = await joinAnew(follower);
    expect(after.generation).toBeGreaterThan(before.generation);
    // The same generation, an id, a place in the group.
    expect(follower.tap.count("JoinGroup") - joins).toBeGreaterThanOrEqual(3);
  });

  inGroup(
    "a commit that is still on its way when its epoch ends is refused after the join",
    async ({ pair, joinAnew, committed, members }) => {
      const [follower] = await pair();
      const old = lastOf(follower);
      await old.commit(stateOf(old, 0), goesOn);
      const held = follower.tap.holdRequest("OffsetCommit", true);
      const late = outcomeOf(old.commit(stateOf(old, 5), goesOn));
      await until("it is on its way", () => held.isHeld);
      const [, after] = await joinAnew(follower);
      const [first] = stateOf(old, 0);
      const owner = members.find((member) => partitionsOf(member).includes(first!.partition))!;
      await lastOf(owner).commit([{ ...first!, offset: 20, metadata: "m1 20-29@2" }], goesOn);
      held.release();
      await sleep(1_000);
      expect(await committed(first!)).toBe("20 m1 20-29@2");
      expect(await late).toBeInstanceOf(StaleOwner);
      expect(after.generation).toBeGreaterThan(old.generation);
    },
  );

  inGroup("what the group has committed is read from the broker that answered the join", async ({ pair, joinAnew }) => {
    const [follower] = await pair();
    await joinAnew(follower);
    const { sent } = follower.tap;
    const join = sent.lastIndexOf("JoinGroup");
    const read = sent.indexOf("OffsetFetch", join);
    expect(read).toBeGreaterThan(join);
    expect(sent.slice(join, read)).not.toContain("FindCoordinator");
  });

  inGroup("a commit that looks for the coordinator when its epoch ends is never sent", async ({ pair }) => {
    const [follower] = await pair();
    const old = lastOf(follower);
    const held = follower.tap.holdResponse("FindCoordinator", 0);
    let isOver = false;
    const late = outcomeOf(
      old.commit(stateOf(old, 5), () => {
        if (isOver) throw new StaleOwner("the epoch is over");
      }),
    );
    await until("it looks for the coordinator", () => held.isHeld);
    isOver = true;
    held.release();
    expect(await late).toBeInstanceOf(StaleOwner);
    expect(follower.tap.count("OffsetCommit")).toBe(0);
  });

  inGroup(
    "nothing is committed after a commit that may still come: the member joins anew first",
    async ({ pair, isSettled, committed, members }) => {
      const [follower] = await pair();
      const old = lastOf(follower);
      const held = follower.tap.holdRequest("OffsetCommit", true);
      const unanswered = outcomeOf(old.commit(stateOf(old, 5), goesOn));
      expect(await unanswered).toBeInstanceOf(StaleOwner);
      await until("the member has joined anew", () => lastOf(follower) !== old);
      await until("the group stands still", isSettled);
      const [at] = stateOf(old, 5);
      const owner = members.find((member) => partitionsOf(member).includes(at!.partition))!;
      await lastOf(owner).commit([{ ...at!, offset: 20, metadata: "m1 20-29@2" }], goesOn);
      held.release();
      await sleep(1_000);
      expect(await committed(at!)).toBe("20 m1 20-29@2");
    },
  );

  inGroup(
    "a group that is started one by one stands still soon, and stays so",
    async ({ startMember, isSettled, members }) => {
      const count = 6;
      for (let index = 0; index < count; index += 1) {
        await startMember();
        await sleep(200);
      }
      await until("the group stands still", isSettled);
      const joins = () => members.reduce((total, { tap }) => total + tap.count("JoinGroup"), 0);
      const atRest = joins();
      // Each start costs those who are there one join, and the new one two (it is given an id first); as much again for starts
      // that meet.
      expect(atRest).toBeLessThanOrEqual(2 * (count + (count * (count + 1)) / 2));
      await sleep(3_000);
      expect(joins()).toBe(atRest);
    },
  );
}

describe.concurrent("epochs, against the embedded broker", () => {
  suite(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "millrace-epochs-"));
    const broker = await startKafkaBroker({ port: 0, dataDir });
    return {
      port: broker.port,
      close: () => broker.close().then(() => rm(dataDir, { recursive: true, force: true })),
    };
  });
});

describe.skipIf(!real.available).concurrent("epochs, against Apache Kafka", () => {
  suite(async () => {
    const kafka = await startRealKafka();
    return { port: kafka.port, close: () => kafka.close() };
  });
});
