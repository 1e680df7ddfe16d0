import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersToTest } from "../../testing/ingest-servers.ts";
import { bundleIdOf } from "../commit/bundle-id.ts";
import { account } from "./testing/account.ts";
import { BundleRig, until } from "./testing/bundle-rig.ts";

/** A bundle whose owner dies on the way: what the next owners make of it. */

const PARTITIONS = 8;
const COUNT = 500;
const wholly = { rows: PARTITIONS * COUNT, letters: 0, gaps: 0, faults: [] };

describe.each(await brokersToTest())("an owner of a bundle that is killed, with %s", (_name, startServers) => {
  let rig: BundleRig;

  beforeAll(async () => {
    rig = await BundleRig.open(startServers);
  }, 90_000);
  afterAll(() => rig?.close());

  const ends = (topic: string) => ({ [topic]: Array.from({ length: PARTITIONS }, () => COUNT) });

  async function killed(
    topic: string,
    step: "afterInsert" | "afterCommit" | "afterIntent",
    nth = 1,
  ): Promise<string[]> {
    await rig.createTable(topic);
    await rig.fill(topic, PARTITIONS, COUNT);
    expect(await rig.start([topic], topic, { orders: { kill: { step, nth } } })).toMatchObject({ code: null });
    const committed = await rig.committed(`millrace.b.${topic}`, [topic]);
    return [...committed.values()].map(({ metadata }) => metadata);
  }

  it.concurrent("before any commit: the next repeats it as one, and adds nothing", { timeout: 120_000 }, async () => {
    const metadata = await killed("once", "afterInsert");
    const ids = new Set(metadata.map((text) => /^m3 0-\d+@\d+#(\S+\.8)$/.exec(text)?.[1]));
    expect([ids.size, [...ids]]).toEqual([1, [expect.any(String)]]);
    expect(await rig.inserts("once")).toBe(1);
    const { code, report } = await rig.start(["once"], "once");
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { replayedRanges: PARTITIONS } }]);
    expect(await account(rig, "once", ends("once"))).toEqual(wholly);
    expect(await rig.inserts("once")).toBe(1);
  });

  it.concurrent("before the insert: the next stores it as one", { timeout: 120_000 }, async () => {
    await killed("never", "afterIntent");
    expect(await rig.inserts("never")).toBe(0);
    const { code, report } = await rig.start(["never"], "never");
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { replayedRanges: PARTITIONS } }]);
    expect(await account(rig, "never", ends("never"))).toEqual(wholly);
    expect(await rig.inserts("never")).toBe(1);
  });

  it.concurrent("before the insert, and followed by two: each finishes its part", { timeout: 180_000 }, async () => {
    await killed("halves", "afterIntent");
    const group = "millrace.b.halves";
    // Whichever joins first is alone for a while, and would finish all of it: the table takes nothing before both are there.
    await rig.run("ALTER TABLE b.halves MODIFY SETTING max_parts_in_total = 0");
    const stop = Promise.withResolvers<void>();
    const both = ["one", "two"].map(() => rig.start(["halves"], "halves", { stopWhen: stop.promise }));
    const isCommitted = async () =>
      [...(await rig.committed(group, ["halves"])).values()].every(({ offset }) => offset === COUNT);
    await until("both have joined", async () => (await rig.memberCount(group)) === 2);
    await rig.run("ALTER TABLE b.halves RESET SETTING max_parts_in_total");
    await until("the offsets are committed", isCommitted);
    const marks = [...(await rig.committed(group, ["halves"])).values()].map(({ metadata }) => metadata);
    expect(new Set(marks)).toEqual(new Set([expect.stringMatching(/^m3 \+\S{16}$/)]));
    stop.resolve();
    const ended = await Promise.all(both);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    // One that was alone for a while has had all of it to repeat then.
    const replayed = ended.map(({ report }) => report.counts.replayedRanges);
    expect(Math.min(...replayed)).toBeGreaterThanOrEqual(PARTITIONS / 2);
    expect(await account(rig, "halves", ends("halves"))).toEqual(wholly);
    expect(await rig.inserts("halves")).toBe(1);
    await rig.send("halves", 0, COUNT, 1);
    expect(await rig.start(["halves"], "halves")).toMatchObject({ code: 0, report: { missing: 0, duplicate: 0 } });
    const after = [...(await rig.committed(group, ["halves"])).values()].map(({ metadata }) => metadata);
    expect(after.join()).not.toContain("+");
  });

  it.concurrent("after a commit that shows one member moved past, others only as stored", {
    timeout: 120_000,
  }, async () => {
    await rig.createTable("flags");
    await rig.fill("flags", 3, 100);
    const at = (partition: number, firstOffset: number, lastOffset: number) => ({
      ...{ topic: "flags", partition, firstOffset, lastOffset },
    });
    // Two bundles were in flight, the later one is stored.
    const judgedMs = Date.now();
    const first = bundleIdOf([at(1, 0, 49), at(2, 0, 49)], judgedMs);
    const second = bundleIdOf([at(0, 0, 99), at(1, 50, 99), at(2, 50, 99)], judgedMs);
    await rig.run(`INSERT INTO b.flags SELECT partition * 1000000 + offset, 'flags', partition, offset
      FROM (SELECT arrayJoin([0, 1, 2]) AS partition, number AS offset FROM numbers(100)) WHERE partition = 0 OR offset > 49`);
    const listed = (what: string) => `m3 0-49@${judgedMs}#${first}.2 50-99@${judgedMs}#${second}.3${what}`;
    await rig.commit("millrace.b.flags", [
      { topic: "flags", partition: 0, offset: 100, metadata: "m2" },
      { topic: "flags", partition: 1, offset: 0, metadata: listed("!") },
      // Its own commit of progress was lost.
      { topic: "flags", partition: 2, offset: 0, metadata: listed("") },
    ]);
    const { code, report } = await rig.start(["flags"], "flags");
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    expect(await account(rig, "flags", { flags: [100, 100, 100] })).toEqual({
      rows: 300,
      letters: 0,
      gaps: 0,
      faults: [],
    });
    expect(await rig.inserts("flags")).toBe(2);
    const left = [...(await rig.committed("millrace.b.flags", ["flags"])).values()];
    expect(left.map(({ offset }) => offset)).toEqual([100, 100, 100]);
  });
});
