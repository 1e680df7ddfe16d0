import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { COMMIT_BYTES_MAX, MEMBER_BYTES_MAX, MEMBERS_MAX, partitionBytes } from "./commit-size.ts";
import { decodeIntents, METADATA_BYTES_MAX } from "./intents.ts";
import { at, fresh, ScriptedEpoch, settle, soon } from "./testing/scripted-epoch.ts";

describe("the size of commits", () => {
  let script: ScriptedEpoch;

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  const bytesOf = (commit: CommitOffset[]) =>
    commit.reduce((sum, offset) => sum + partitionBytes(offset, offset.metadata.length), 0);

  it("keeps every commit of 1,000 partitions within a batch of the coordinator, its bundles whole", async () => {
    const all = Array.from({ length: 1_000 }, (_, partition) => partition);
    script = new ScriptedEpoch(fresh(all.length), { firstOffset: 1e9, judgedMs: 1_767_225_600_000 });
    const bundles = Array.from({ length: 40 }, () => script.open(...all));
    const outcomes = bundles.map((members) => script.announce(members));
    const stored = new Set<number>();
    let inFlightMost = 0;
    for (let round = 0; stored.size < bundles.length && round < 200; round += 1) {
      await soon();
      script.gates.at(-1)!.accept();
      await settle();
      const announced = outcomes.flatMap(({ end }, index) =>
        end === "announced" && !stored.has(index) ? [index] : [],
      );
      inFlightMost = Math.max(inFlightMost, announced.length);
      // The last first: positions move late, and everything is flagged before.
      const last = announced.at(-1);
      if (last !== undefined) {
        script.epoch.acknowledge(bundles[last]!);
        stored.add(last);
      }
    }
    expect(stored.size).toBe(bundles.length);
    expect(inFlightMost).toBeGreaterThan(10);
    const sizes = script.sent.map((commit) => [commit.length, bytesOf(commit) <= COMMIT_BYTES_MAX]);
    expect(new Set(sizes.map(String))).toEqual(new Set(["1000,true"]));
  });

  it("keeps commits small also when several owners have left more than fits into one", async () => {
    const full = Array.from({ length: 60 }, (_, index) => `${index * 10}-${index * 10 + 9}@1767225600000`);
    const { intents } = decodeIntents(`m2 ${full.join(" ")}`);
    script = new ScriptedEpoch(
      Array.from({ length: 1_000 }, (_, partition) => ({ ...at(partition), offset: 0, intents })),
      { firstOffset: 600, judgedMs: 7 },
    );
    const waiting = script.announce(script.open(0, 1));
    for (let partition = 0; partition < 1_000; partition += 1) {
      script.epoch.acknowledge([{ at: at(partition), range: script.epoch.replays(at(partition))[0]! }]);
    }
    await script.acceptAll();
    expect(new Set(script.sent.flat().map(({ partition }) => partition)).size).toBe(1_000);
    expect(script.sent.length).toBeGreaterThan(1);
    for (const commit of script.sent) expect(bytesOf(commit)).toBeLessThanOrEqual(COMMIT_BYTES_MAX);
    expect(waiting.end).toBeUndefined();
    for (let partition = 0; partition < 1_000; partition += 1) {
      for (const range of script.epoch.replays(at(partition)).slice(0, 40))
        script.epoch.acknowledge([{ at: at(partition), range }]);
    }
    await script.acceptAll();
    expect(waiting.end).toBe("announced");
  });

  it("lets nobody overtake a large bundle that waits for room in the request", async () => {
    const all = Array.from({ length: 1_000 }, (_, partition) => partition);
    script = new ScriptedEpoch(fresh(1_001), { firstOffset: 1e9, judgedMs: 1_767_225_600_000 });
    const bundles = Array.from({ length: 16 }, () => script.open(...all));
    const outcomes = bundles.map((members) => script.announce(members));
    await script.acceptAll();
    const firstWaiting = outcomes.findIndex(({ end }) => end === undefined);
    expect(firstWaiting).toBeGreaterThan(5);
    const late = script.announce(script.open(1_000));
    await script.acceptAll();
    expect(late.end).toBeUndefined();
    script.epoch.acknowledge(bundles[0]!);
    await script.acceptAll();
    expect(outcomes[firstWaiting]!.end).toBe("announced");
  });

  it("leaves each pipeline its room, whatever the others have in flight that nobody takes", async () => {
    const of = (topic: string) => Array.from({ length: 1_000 }, (_, partition) => ({ topic, partition }));
    const assigned = ["t", "u", "v"].flatMap(of).map((place) => ({ ...place, offset: 0, intents: [] }));
    script = new ScriptedEpoch(assigned, { firstOffset: 1e9, judgedMs: 1_767_225_600_000 });
    const stuck = Array.from({ length: 16 }, () => ["t", "u"].map((topic) => script.openOf(...of(topic)))).flat();
    const outcomes = stuck.map((members) => script.announce(members));
    await script.acceptAll();
    expect(outcomes.filter(({ end }) => end === undefined).length).toBeGreaterThan(2);
    for (let round = 0; round < 3; round += 1) {
      const before = script.sent.length;
      const members = script.openOf(...of("v"));
      const outcome = script.announce(members);
      await script.acceptAll();
      expect(outcome.end).toBe("announced");
      script.epoch.acknowledge(members);
      await script.acceptAll();
      expect(script.sent.length).toBe(before + 2);
    }
    for (const commit of script.sent) {
      expect(bytesOf(commit)).toBeLessThanOrEqual(COMMIT_BYTES_MAX);
      // Whole: a bundle of which one request says a part comes apart.
      for (const ofTopic of Map.groupBy(commit, ({ topic }) => topic).values()) expect(ofTopic).toHaveLength(1_000);
    }
  });

  it("has bounds that hold for the longest names and texts", async () => {
    expect(MEMBERS_MAX * MEMBER_BYTES_MAX).toBeLessThanOrEqual(COMMIT_BYTES_MAX);
    expect(partitionBytes({ topic: "t".repeat(249) }, METADATA_BYTES_MAX)).toBeLessThan(5_000);
    script = new ScriptedEpoch(fresh(MEMBERS_MAX + 1));
    const outcome = script.announce(
      script.open(...Array.from({ length: MEMBERS_MAX + 1 }, (_, partition) => partition)),
    );
    await settle();
    expect(outcome.end).toBeInstanceOf(RangeError);
    expect(script.sent).toEqual([]);
  });

  it("counts partitions only while they have something to say", async () => {
    script = new ScriptedEpoch(fresh(4_000));
    for (let first = 0; first < 4_000; first += 500) {
      const bundle = script.open(...Array.from({ length: 500 }, (_, index) => first + index));
      const outcome = script.announce(bundle);
      await script.acceptAll();
      expect(outcome.end).toBe("announced");
      script.epoch.acknowledge(bundle);
      await script.acceptAll();
    }
  });

  it("sends a bundle whole also beside partitions that have more to say than fits", async () => {
    const { intents } = decodeIntents("m3 0-9@1!");
    const stored = Array.from({ length: 3_500 }, (_, index) => ({ ...at(index + 200), offset: 0, intents }));
    script = new ScriptedEpoch([...fresh(200), ...stored]);
    script.announce(script.open(...Array.from({ length: 200 }, (_, partition) => partition)));
    await script.acceptAll();
    expect(script.sent.length).toBe(2);
    expect(script.sent[0]!.slice(0, 200).map(({ partition }) => partition)).toEqual(
      Array.from({ length: 200 }, (_, partition) => partition),
    );
    expect(script.sent.flat()).toHaveLength(3_700);
  });
});
