import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersToTest } from "../../testing/ingest-servers.ts";
import { account } from "./testing/account.ts";
import { BundleRig, until } from "./testing/bundle-rig.ts";

/** A topic of a bundle is deleted before anybody has finished the bundle. */

describe.each(await brokersToTest())("a bundle that has lost a topic, with %s", (_name, startServers) => {
  let rig: BundleRig;
  let folder: string;
  beforeAll(async () => {
    rig = await BundleRig.open(startServers);
    folder = await mkdtemp(join(tmpdir(), "millrace-deleted-"));
  }, 90_000);
  afterAll(async () => {
    await rig?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Every tenth record is no JSON. */
  const tenthBad = (partition: number, offset: number) =>
    offset % 10 === 3 ? `{"id":` : `{"id":${partition * 1_000 + offset}}`;
  const kept = (name: string) => ({ [`${name}-stays`]: [100, 100] });
  const wholly = { rows: 180, letters: 20, gaps: 0, faults: [] };

  /** A bundle over two topics, of which one is deleted when its owner has killed itself at the step. */
  async function orphaned(name: string, step: "afterIntent" | "afterInsert", columns?: string): Promise<string[]> {
    const topics = [`${name}-goes`, `${name}-stays`];
    await rig.createTable(name, columns === undefined ? {} : { columns });
    await rig.fill(topics[0]!, 1, 100, tenthBad);
    await rig.fill(topics[1]!, 2, 100, tenthBad);
    const run = await rig.start(topics, name, { orders: { kill: { step } } });
    expect(run).toMatchObject({ code: null });
    const metadata = [...(await rig.committed(`millrace.b.${name}`, topics)).values()].map((each) => each.metadata);
    expect(metadata).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^m3 0-99@\d+#\S+\.3$/)));
    await rig.deleteTopic(topics[0]!);
    return topics;
  }
  const soon = { insertMsMax: 500 };

  it.concurrent("stores the rest, of which nothing was stored", { timeout: 120_000 }, async () => {
    const topics = await orphaned("nothing", "afterIntent");
    const run = await rig.start(topics, "nothing", { orders: soon });
    expect([run.code, run.report]).toMatchObject([0, { missing: 0, duplicate: 0, counts: { lostOffsets: 0 } }]);
    expect(await account(rig, "nothing", kept("nothing"))).toEqual(wholly);
  });

  it.concurrent("adds nothing where all was stored", { timeout: 120_000 }, async () => {
    const topics = await orphaned("all", "afterInsert");
    expect(await rig.inserts("all")).toBe(1);
    const run = await rig.start(topics, "all", { orders: soon });
    expect([run.code, run.report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    expect(await account(rig, "all", kept("all"))).toEqual(wholly);
    expect(await rig.inserts("all")).toBe(1);
  });

  it.concurrent("adds what is lacking, rows or dead letters", { timeout: 120_000 }, async () => {
    const topics = await orphaned("part", "afterInsert");
    await rig.run("SYSTEM START MERGES b.part");
    await rig.run(`ALTER TABLE b.part DELETE WHERE kafka_offset % 3 = 0 SETTINGS mutations_sync = 2`);
    await rig.run(`ALTER TABLE analytics.fact_event_dlq DELETE WHERE topic = 'part-stays' SETTINGS mutations_sync = 2`);
    const run = await rig.start(topics, "part", { orders: soon });
    expect([run.code, run.report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    expect(await account(rig, "part", kept("part"))).toEqual(wholly);
  });

  it.concurrent("stops where the table cannot be asked, and goes on when told to", { timeout: 180_000 }, async () => {
    const topics = await orphaned("blind", "afterIntent", "id UInt64");
    const refused = await rig.start(topics, "blind", { orders: soon });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("E_INCOMPLETE")]);
    expect(refused.stderr).toContain("--allow-duplicates");
    expect(await rig.inserts("blind")).toBe(0);
    // They have not left the bundle: the other commits may only have been out of sight.
    const said = [...(await rig.committed("millrace.b.blind", topics.slice(1))).values()];
    expect(said.map(({ metadata }) => metadata)).toEqual([1, 2].map(() => expect.stringMatching(/#\S+\.3$/)));
    const told = await rig.start(topics, "blind", { orders: soon, more: { allowDuplicates: true } });
    expect([told.code, told.stderr]).toEqual([0, expect.any(String)]);
    expect(await rig.rows("SELECT toUInt32(count()) AS n, toUInt32(uniqExact(id)) AS ids FROM b.blind")).toEqual([
      { n: 180, ids: 180 },
    ]);
  });

  it.concurrent("between cut and intent goes without it, at once", { timeout: 120_000 }, async () => {
    const [goes, stays] = ["cut-goes", "cut-stays"];
    await rig.createTable("cut");
    await rig.fill(goes, 1, 100, tenthBad);
    await rig.fill(stays, 2, 100, tenthBad);
    const [reached, go] = ["reached", "go"].map((name) => join(folder, name)) as [string, string];
    const stop = Promise.withResolvers<void>();
    const hold = { step: "beforeIntent" as const, reached, go };
    const running = rig.start([goes, stays], "cut", { orders: { hold }, stopWhen: stop.promise });
    await until("it is held", async () => existsSync(reached));
    await rig.deleteTopic(goes);
    await writeFile(go, "");
    // Not only stored: a stop between the insert and its commit leaves the ranges to the next start.
    await until("the rest is stored and committed", () => rig.isCommitted("cut", stays, [100, 100]));
    stop.resolve();
    const { code, report } = await running;
    // On a busy machine the join without the topic may come first, and has what was cut fetched once more.
    expect([code, report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    expect(await account(rig, "cut", kept("cut"))).toEqual(wholly);
    expect(await rig.inserts("cut")).toBe(1);
  });

  it.concurrent("stops in time while it waits, and the next goes on", { timeout: 180_000 }, async () => {
    const topics = await orphaned("waits", "afterIntent");
    const stop = Promise.withResolvers<void>();
    const running = rig.start(topics, "waits", { orders: { insertMsMax: 600_000 }, stopWhen: stop.promise });
    // Others are read meanwhile.
    await until("it has joined", async () => (await rig.memberCount("millrace.b.waits")) === 1);
    await rig.send("waits-stays", 0, 100, 5);
    await until("what came later is stored", async () => (await rig.inserts("waits")) === 1);
    const stoppedMs = performance.now();
    stop.resolve();
    const { code, report: stopped } = await running;
    expect(performance.now() - stoppedMs).toBeLessThan(10_000);
    const left = { ranges: 3, records: 205, partitions: ["waits-stays:0", "waits-stays:1"] };
    expect([code, stopped]).toMatchObject([1, { left }]);
    const run = await rig.start(topics, "waits", { orders: soon });
    expect([run.code, run.report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    const ends = { "waits-stays": [105, 100] };
    expect(await account(rig, "waits", ends)).toEqual({ ...wholly, rows: wholly.rows + 5 });
  });

  it.concurrent("keeps no other range waiting", { timeout: 120_000 }, async () => {
    await rig.createTable("line");
    await rig.fill("line", 4, 100);
    const judgedMs = Date.now();
    // Three whose others are not to be found, and one alone.
    const metadata = ["A", "B", "C"].map((id) => `m3 0-99@${judgedMs}#${id.repeat(16)}.2`);
    const texts = [...metadata, `m2 0-99@${judgedMs}`];
    const commits = texts.map((text, partition) => ({ topic: "line", partition, offset: 0, metadata: text }));
    await rig.commit("millrace.b.line", commits);
    const stop = Promise.withResolvers<void>();
    const running = rig.start(["line"], "line", { orders: { insertMsMax: 600_000 }, stopWhen: stop.promise });
    await until("the one alone is stored", async () => (await rig.inserts("line")) === 1);
    stop.resolve();
    expect(await running).toMatchObject({ code: 1, report: { left: { ranges: 3 } } });
    const run = await rig.start(["line"], "line", { orders: soon });
    expect([run.code, run.report]).toMatchObject([0, { missing: 0, duplicate: 0 }]);
    const ends = { line: [100, 100, 100, 100] };
    expect(await account(rig, "line", ends)).toEqual({ rows: 400, letters: 0, gaps: 0, faults: [] });
  });
});
