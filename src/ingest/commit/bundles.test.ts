import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { OnWait } from "./admission.ts";
import { decodeIntents } from "./intents.ts";
import { LISTED_MEMBERS_MAX } from "./ledger.ts";
import { MembersGone } from "./members-gone.ts";
import { at, fresh, idOf, ScriptedEpoch, settle, soon } from "./testing/scripted-epoch.ts";

describe("bundles in commits", () => {
  let script: ScriptedEpoch;

  beforeEach(() => {
    vi.useFakeTimers();
    script = new ScriptedEpoch(fresh(4));
  });
  afterEach(() => vi.useRealTimers());

  it("announces all members with one request, and no sooner than it is acknowledged", async () => {
    const outcome = script.announce(script.open(0, 1, 3));
    await settle();
    const id = idOf(0, 1, 3);
    expect(script.sent).toHaveLength(1);
    expect(script.said()).toEqual([0, 1, 3].map((partition) => [partition, 0, `m3 0-9@7#${id}.3`]));
    expect(outcome.end).toBeUndefined();
    script.gates[0]!.accept();
    await settle();
    expect(outcome.end).toBe("announced");
  });

  it("says nothing of bundles where one range goes alone", async () => {
    script.announce(script.open(2));
    await settle();
    expect(script.said()).toEqual([[2, 0, "m2 0-9@7"]]);
  });

  it("takes no members out of order, and not two of a partition", () => {
    expect(() => script.open(1, 0)).toThrow(RangeError);
    expect(() => script.open(1, 1)).toThrow(RangeError);
    expect(() => script.open(1, 9)).toThrow(StaleOwner);
    // None of that has opened anything.
    expect(script.epoch.open({ members: [{ ...at(1), firstOffset: 0, lastOffset: 1 }], judgedMs: 1 })).toHaveLength(1);
  });

  it("says of all members at once that they are stored: by progress, or where something is in front, by a mark", async () => {
    const alone = script.open(1);
    const bundle = script.open(0, 1, 2);
    script.announce(alone);
    script.announce(bundle);
    await script.acceptAll();
    script.epoch.acknowledge(bundle);
    expect(script.sent).toHaveLength(1);
    await soon();
    const id = bundle[0]!.range.bundle!.id;
    expect(script.said()).toEqual([
      [0, 10, "m2"],
      [1, 0, `m3 0-9@7 10-19@7#${id}.3!`],
      [2, 10, "m2"],
    ]);
    script.gates[1]!.accept();
    await settle();
    script.epoch.acknowledge(alone);
    await soon();
    expect(script.said()).toEqual([[1, 20, "m2"]]);
  });

  it("repeats a failed commit of a bundle with all its members, and with what they are by then", async () => {
    const bundle = script.open(0, 1);
    const announced = script.announce(bundle);
    await settle();
    script.gates[0]!.refuse(new Error("coordinator moved"));
    await vi.advanceTimersByTimeAsync(100);
    expect(script.said()).toEqual(script.said(script.sent[0]));
    script.gates[1]!.accept();
    await settle();
    expect(announced.end).toBe("announced");
    script.epoch.acknowledge(bundle);
    await soon();
    script.announce(script.open(1, 2));
    script.gates[2]!.refuse(new Error("coordinator moved"));
    await vi.advanceTimersByTimeAsync(100);
    expect(script.said().map(([partition, offset]) => [partition, offset])).toEqual([
      [0, 10],
      [1, 10],
      [2, 0],
    ]);
  });

  it("admits a bundle only when each partition has room, whole, and what stands behind it in any of them later", async () => {
    const fill = Array.from({ length: LISTED_MEMBERS_MAX }, () => script.open(0, 1));
    for (const bundle of fill) script.announce(bundle);
    await script.acceptAll();
    const waits = script.open(1, 2);
    const behind = script.open(2);
    const aside = script.open(3);
    const [waiting, later, other] = [waits, behind, aside].map((members) => script.announce(members));
    await script.acceptAll();
    expect(script.said()).toEqual([[3, 0, "m2 0-9@7"]]);
    expect([waiting!.end, later!.end, other!.end]).toEqual([undefined, undefined, "announced"]);
    script.epoch.acknowledge(fill[0]!);
    await soon();
    expect(
      script.sent
        .at(-1)!
        .map(({ partition }) => partition)
        .sort(),
    ).toEqual([0, 1, 2]);
    await script.acceptAll();
    expect([waiting!.end, later!.end]).toEqual(["announced", "announced"]);
    const { intents } = decodeIntents(script.sent.at(-1)!.find(({ partition }) => partition === 2)!.metadata);
    expect(intents.map(({ bundle }) => bundle?.count)).toEqual([2, undefined]);
  });

  it("tells of a bundle that waits behind others: of which partitions, and when it is admitted or the epoch ends", async () => {
    const fill = Array.from({ length: LISTED_MEMBERS_MAX }, () => script.open(0, 1));
    for (const bundle of fill) script.announce(bundle);
    await script.acceptAll();
    const told: (number[] | undefined)[] = [];
    const waits = [script.open(1, 2), script.open(1, 3), script.open(2, 3)];
    for (const members of waits) {
      const onWait: OnWait = (behind) => told.push(behind?.map(({ partition }) => partition));
      script.epoch.announce(members, onWait).catch(() => {});
    }
    await soon();
    expect(told).toEqual([[1], [1], [2, 3]]);
    script.epoch.acknowledge(fill[0]!);
    await script.acceptAll();
    expect(told.slice(3)).toEqual([undefined]);
    script.epoch.end("the group is rebalancing");
    await settle();
    expect(told.slice(4)).toEqual([undefined, undefined]);
  });

  it("tells which members are gone, and announces the others anew in another bundle, in their places", async () => {
    const bundle = script.open(0, 1, 2);
    const after = script.open(1);
    const [refused, follows] = [script.announce(bundle), script.announce(after)];
    await settle();
    script.gates[0]!.accept([at(0)]);
    await soon();
    expect(refused.end).toBeInstanceOf(MembersGone);
    expect(refused.end).toMatchObject({ partitions: [at(0)] });
    expect(follows.end).toBe("announced");
    const left = bundle.slice(1);
    script.epoch.regroup(left);
    const again = script.announce(left);
    await settle();
    const id = idOf(1, 2);
    expect(script.said()).toEqual([
      [1, 0, `m3 0-9@7#${id}.2 10-19@7`],
      [2, 0, `m3 0-9@7#${id}.2`],
    ]);
    expect(again.end).toBeUndefined();
    await script.acceptAll();
    expect(again.end).toBe("announced");
    script.epoch.regroup([left[0]!]);
    const alone = script.announce([left[0]!]);
    await settle();
    expect(script.said()).toEqual([[1, 0, "m2 0-9@7 10-19@7"]]);
    await script.acceptAll();
    expect(alone.end).toBe("announced");
    // Proven by one that is left.
    await vi.advanceTimersByTimeAsync(20_000);
    const lease = script.epoch.lease(bundle.map((member) => member.at)).deadlineMs();
    await script.acceptAll();
    await expect(lease).resolves.toBeGreaterThan(0);
  });

  it("takes no commit for an announcement that was made up before the range was regrouped", async () => {
    const bundle = script.open(0, 1);
    script.announce(bundle);
    await settle();
    script.gates[0]!.accept([at(0)]);
    await settle();
    script.announce(script.open(1));
    await settle();
    expect(script.said()).toEqual([[1, 0, `m3 0-9@7#${idOf(0, 1)}.2 10-19@7`]]);
    script.epoch.regroup([bundle[1]!]);
    const again = script.announce([bundle[1]!]);
    script.gates[1]!.accept();
    await settle();
    expect(again.end).toBeUndefined();
    expect(script.said()).toEqual([[1, 0, "m2 0-9@7 10-19@7"]]);
    script.gates[2]!.accept();
    await settle();
    expect(again.end).toBe("announced");
  });

  it("commits nothing for ranges that are announced already", async () => {
    script = new ScriptedEpoch([{ ...at(0), offset: 0, ...decodeIntents("m2 0-9@1") }, { ...fresh(2)[1]! }]);
    const [range] = script.epoch.replays(at(0));
    expect(await script.epoch.announce([{ at: at(0), range: range! }])).toBeUndefined();
    script.announce(script.open(1));
    await settle();
    expect(script.said()).toEqual([[1, 0, "m2 0-9@7"]]);
  });

  it("is stale when none of its members is left, also while it waits for room", async () => {
    const fill = Array.from({ length: LISTED_MEMBERS_MAX }, () => script.open(0, 1));
    for (const bundle of fill) script.announce(bundle);
    await script.acceptAll();
    const waiting = script.announce(script.open(0, 1));
    script.announce(script.open(2));
    await settle();
    script.epoch.acknowledge(fill[0]!);
    script.gates.at(-1)!.accept();
    await soon();
    script.gates.at(-1)!.accept([at(0), at(1)]);
    await settle();
    expect(waiting.end).toBeInstanceOf(StaleOwner);
  });

  it("ends with the epoch: nothing is announced, acknowledged or opened any more", async () => {
    const fill = Array.from({ length: LISTED_MEMBERS_MAX }, () => script.open(0, 1));
    for (const bundle of fill) script.announce(bundle);
    await script.acceptAll();
    const [waits, admitted] = [script.announce(script.open(0, 1)), script.announce(script.open(2, 3))];
    await settle();
    script.epoch.end("the group is rebalancing");
    await settle();
    expect(waits.end).toBeInstanceOf(StaleOwner);
    expect(admitted.end).toBeInstanceOf(StaleOwner);
    expect(() => script.epoch.acknowledge(fill[0]!)).toThrow(StaleOwner);
    expect(() => script.epoch.regroup(fill[0]!)).toThrow(StaleOwner);
    expect(() => script.open(0)).toThrow(StaleOwner);
  });
});
