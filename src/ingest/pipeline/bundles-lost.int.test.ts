import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenScopeOf } from "../../core/origin.ts";
import { brokersToTest } from "../../testing/ingest-servers.ts";
import { account } from "./testing/account.ts";
import { BundleRig, until } from "./testing/bundle-rig.ts";

/** What a bundle's partitions say, or hold, is not what its owner left there: retention, another program, an older version. */

const COUNT = 100;
/** Records that are sent together. */
const BATCH = 25;
const PARTITIONS = 3;

describe.each(await brokersToTest())("a bundle that was changed from outside, with %s", (name, startServers) => {
  let rig: BundleRig;
  beforeAll(async () => {
    rig = await BundleRig.open(startServers);
  }, 90_000);
  afterAll(() => rig?.close());

  const ends = (topic: string) => ({ [topic]: Array.from({ length: PARTITIONS }, () => COUNT) });
  const soon = { insertMsMax: 500 };
  const metadataOf = async (topic: string) =>
    [...(await rig.committed(`millrace.b.${topic}`, [topic])).values()].map(({ metadata }) => metadata);

  /** Topic and table of one name; a bundle over all partitions whose owner has killed itself at the step. */
  async function interrupted(topic: string, step: "afterIntent" | "afterInsert"): Promise<void> {
    await rig.createTable(topic);
    await rig.fill(topic, PARTITIONS, BATCH);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      for (let first = BATCH; first < COUNT; first += BATCH) await rig.send(topic, partition, first, BATCH);
    }
    expect(await rig.start([topic], topic, { orders: { kill: { step } } })).toMatchObject({ code: null });
    const whole = expect.stringMatching(/^m3 0-99@\d+#\S+\.3$/);
    expect(await metadataOf(topic)).toEqual(Array.from({ length: PARTITIONS }, () => whole));
  }

  const gapsOf = (topic: string) =>
    rig.rows(
      `SELECT toInt32(partition) AS p, toString(reason) AS reason, toInt32(first_offset) AS first, toInt32(last_offset) AS last
       FROM analytics.millrace_gaps WHERE topic = '${topic}' ORDER BY p, first, reason`,
    );

  /** Retention takes the head of one partition, which ends in the midst of a batch, and all of another. */
  async function deleteRecords(topic: string): Promise<void> {
    const partitions = [
      { partition: 1, offset: "40" },
      { partition: 2, offset: "100" },
    ];
    await rig.admin(async (admin) => {
      // kafkajs has to know the topic's leaders before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions });
    });
  }

  // The embedded broker does not delete records on request.
  describe.runIf(name === "Apache Kafka")("whose records retention has taken", () => {
    it.concurrent("is stored as far as it is there; the rest is noted once, as lost", {
      timeout: 120_000,
    }, async () => {
      await interrupted("taken", "afterIntent");
      await deleteRecords("taken");
      // Once more on the way: what is noted then is not noted again.
      const again = await rig.start(["taken"], "taken", { orders: { kill: { step: "afterInsert" } } });
      expect(again).toMatchObject({ code: null });
      const { code, report } = await rig.start(["taken"], "taken");
      expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { lostOffsets: 125 } }]);
      expect(await gapsOf("taken")).toEqual([
        { p: 1, reason: "lost", first: 0, last: 24 },
        { p: 2, reason: "lost", first: 0, last: 99 },
      ]);
      expect(await account(rig, "taken", ends("taken"))).toEqual({ rows: 175, letters: 0, gaps: 125, faults: [] });
      expect(await rig.inserts("taken")).toBe(1);
    });

    it.concurrent("after it was stored, is found whole", { timeout: 120_000 }, async () => {
      await interrupted("found", "afterInsert");
      await deleteRecords("found");
      const { code, report } = await rig.start(["found"], "found");
      expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { lostOffsets: 0 } }]);
      const rows = await rig.rows(
        "SELECT toUInt32(count()) AS n, toUInt32(uniqExact(kafka_partition, kafka_offset)) AS u FROM b.found",
      );
      expect(rows).toEqual([{ n: 300, u: 300 }]);
      expect(await gapsOf("found"), "of what was stored nothing is lost").toEqual([]);
      expect(await rig.inserts("found")).toBe(1);
    });
  });

  it.concurrent("by another program in one partition, not stored: stops there, or stores the rest alone", {
    timeout: 180_000,
  }, async () => {
    await interrupted("foreign", "afterIntent");
    const at = { topic: "foreign", partition: 1 };
    await rig.commit("millrace.b.foreign", [{ ...at, offset: 0, metadata: "something else" }]);
    const refused = await rig.start(["foreign"], "foreign", { orders: soon });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("foreign:1")]);
    expect(refused.stderr).toContain("--unreadable-intents at-least-once");
    const more = { unreadableIntents: "at-least-once" };
    const { code, report } = await rig.start(["foreign"], "foreign", { orders: soon, more });
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { replayedRanges: 2 } }]);
    expect(await account(rig, "foreign", ends("foreign"))).toEqual({ rows: 300, letters: 0, gaps: 0, faults: [] });
  });

  it.concurrent("by another program that has moved on, and stored: adds nothing", { timeout: 180_000 }, async () => {
    await interrupted("moved", "afterInsert");
    await rig.commit("millrace.b.moved", [{ topic: "moved", partition: 1, offset: COUNT, metadata: "" }]);
    const { code, report } = await rig.start(["moved"], "moved", { orders: soon });
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { replayedRanges: 2 } }]);
    expect(await account(rig, "moved", ends("moved"))).toEqual({ rows: 300, letters: 0, gaps: 0, faults: [] });
    expect(await rig.inserts("moved")).toBe(1);
  });

  it.concurrent("of a version without bundles: its ranges keep their tokens, and it can read what is left", {
    timeout: 120_000,
  }, async () => {
    // Nobody can look rows up here: only the tokens are between them and a repeat.
    await rig.createTable("older", { columns: "id UInt64" });
    await rig.fill("older", PARTITIONS, COUNT);
    const group = "millrace.b.older";
    const { clusterId } = await rig.admin((admin) => admin.describeCluster());
    const token = (first: number, last: number) =>
      `${tokenScopeOf({ cluster: clusterId, group })}:older:0:${first}-${last}`;
    for (const first of [0, 50]) {
      const tokenSql = `insert_deduplication_token = '${token(first, first + 49)}'`;
      await rig.run(`INSERT INTO b.older SETTINGS ${tokenSql} SELECT number + ${first} FROM numbers(50)`);
    }
    const judgedMs = Date.now();
    const flying = `m2 0-49@${judgedMs} 50-99@${judgedMs}`;
    const commits = [flying, flying, ""].map((metadata, partition) => ({
      topic: "older",
      partition,
      offset: 0,
      metadata,
    }));
    await rig.commit(group, commits);
    const stop = Promise.withResolvers<void>();
    const running = rig.start(["older"], "older", { stopWhen: stop.promise });
    const areAt = async (offset: number) =>
      [...(await rig.committed(group, ["older"])).values()].every((each) => each.offset === offset);
    await until("all is committed", () => areAt(COUNT));
    for (let partition = 0; partition < PARTITIONS; partition += 1) await rig.send("older", partition, COUNT, 10);
    await until("what came later is committed", () => areAt(COUNT + 10));
    expect(await metadataOf("older")).toEqual(["m2", "m2", "m2"]);
    stop.resolve();
    expect(await running).toMatchObject({ code: 0, report: { counts: { replayedRanges: 4 } } });
    const rows = await rig.rows("SELECT toUInt32(count()) AS n, toUInt32(uniqExact(id)) AS u FROM b.older");
    expect(rows).toEqual([{ n: 330, u: 330 }]);
  });
});
