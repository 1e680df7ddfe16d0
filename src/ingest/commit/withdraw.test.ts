import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { Member } from "./admission.ts";
import type { Confirm } from "./epoch-lease.ts";
import { decodeIntents } from "./intents.ts";
import { MembersGone } from "./members-gone.ts";
import { at, idOf, ScriptedEpoch, settle, soon } from "./testing/scripted-epoch.ts";

const text = `m3 0-9@7#${idOf(0, 1, 2)}.3`;

describe("bundles that others may take apart", () => {
  let script: ScriptedEpoch;
  let inherited: Member[];

  beforeEach(() => {
    vi.useFakeTimers();
    script = new ScriptedEpoch(
      [0, 1].map((partition) => ({ ...at(partition), offset: 0, ...decodeIntents(text) })),
      {
        firstOffset: 10,
        judgedMs: 8,
      },
    );
    inherited = [0, 1].map((partition) => ({ at: at(partition), range: script.epoch.replays(at(partition))[0]! }));
  });
  afterEach(() => vi.useRealTimers());

  it("lose ranges by one commit, which is the first that counts as their announcement", async () => {
    script.announce(script.open(0));
    await settle();
    script.epoch.withdraw(inherited);
    const withdrawn = script.announce(inherited);
    await settle();
    expect(script.said()).toEqual([[0, 0, `${text} 10-19@8`]]);
    script.gates[0]!.accept();
    await settle();
    expect(withdrawn.end).toBeUndefined();
    expect(script.said()).toEqual([
      [0, 0, "m3 0-9@7? 10-19@8"],
      [1, 0, "m3 0-9@7?"],
    ]);
    script.gates[1]!.accept();
    await settle();
    expect(withdrawn.end).toBe("announced");
  });

  it("leave a range in doubt until the position is past it, and no mark then", async () => {
    const [alone] = script.open(1);
    script.announce([alone!]);
    script.epoch.withdraw(inherited);
    await script.acceptAll();
    script.epoch.acknowledgeAlone(inherited[0]!);
    script.epoch.acknowledge([alone!]);
    await soon();
    expect(script.said()).toEqual([[0, 10, "m2"]]);
    await script.acceptAll();
    script.epoch.acknowledgeAlone(inherited[1]!);
    await soon();
    expect(script.said()).toEqual([[1, 20, "m2"]]);
  });

  it("tell which ranges cannot be taken out, because their topic is gone", async () => {
    script.epoch.withdraw(inherited);
    const withdrawn = script.announce(inherited);
    await settle();
    script.gates[0]!.accept([at(0)]);
    await settle();
    expect(withdrawn.end).toBeInstanceOf(MembersGone);
    expect(withdrawn.end).toMatchObject({ partitions: [at(0)] });
    expect(script.announce([inherited[1]!]).end).toBeUndefined();
  });

  describe("have a lease", () => {
    let looks: string[];
    const lease = (confirm: Confirm) => script.epoch.lease([at(0), at(1)], confirm);
    const said = () => `after ${script.sent.length} commits`;

    beforeEach(() => {
      looks = [];
    });

    it("for which the commits are looked at each time, and after the proof", async () => {
      const right = lease(async () => void looks.push(said()));
      for (const commits of [1, 2]) {
        const deadline = right.deadlineMs();
        await settle();
        expect(looks).toHaveLength(commits - 1);
        script.gates[commits - 1]!.accept();
        await expect(deadline).resolves.toBeGreaterThan(0);
      }
      expect(looks).toEqual(["after 1 commits", "after 2 commits"]);
    });

    it("that is not given when the look says no, or the epoch has ended meanwhile", async () => {
      const refused = lease(() => Promise.reject(new StaleOwner("not whole any more"))).deadlineMs();
      const outlived = lease(async () => script.epoch.end("over")).deadlineMs();
      const outcomes = Promise.allSettled([refused, outlived]);
      await script.acceptAll();
      const reasons = (await outcomes).map((outcome) => outcome.status === "rejected" && outcome.reason);
      expect(reasons).toEqual([new StaleOwner("not whole any more"), new StaleOwner("over")]);
    });

    it("for which a look that failed is made again, after another proof", async () => {
      const given = lease(async () => {
        looks.push(said());
        if (looks.length < 3) throw new Error("connection reset");
      }).deadlineMs();
      for (const commits of [1, 2, 3]) {
        await vi.waitUntil(() => script.gates.length === commits);
        script.gates[commits - 1]!.accept();
        await vi.advanceTimersByTimeAsync(1_000);
      }
      await expect(given).resolves.toBeGreaterThan(0);
      expect(looks).toEqual(["after 1 commits", "after 2 commits", "after 3 commits"]);
    });
  });
});
