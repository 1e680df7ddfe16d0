import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import { decodeIntents } from "../commit/intents.ts";
import { at, idOf, ScriptedEpoch, settle } from "../commit/testing/scripted-epoch.ts";
import { finishRecovery, type RecoverySteps } from "./finish-recovery.ts";
import type { Recovery } from "./recovery-plan.ts";

const bundle = { id: idOf(0, 1, 2), count: 3 };
const rangeOf = (partition: number) => ({ ...at(partition), firstOffset: 0, lastOffset: 9, judgedMs: 7, bundle });
const common = { own: [0, 1].map(rangeOf), bundleId: bundle.id };
const whole: Recovery = { kind: "repeat", ranges: [0, 1, 2].map(rangeOf), ...common };
const unknown: Recovery = { kind: "unknown", ...common };

describe("finishRecovery()", () => {
  let script: ScriptedEpoch;
  /** What is done, in order. */
  let done: string[];
  let seen: Recovery["kind"];
  let isAskable: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    done = [];
    seen = "repeat";
    isAskable = true;
    const metadata = `m3 0-9@7#${bundle.id}.3`;
    script = new ScriptedEpoch([0, 1].map((each) => ({ ...at(each), offset: 0, ...decodeIntents(metadata) })));
  });
  afterEach(() => vi.useRealTimers());

  function finish(recovery: Recovery): Promise<void> {
    const steps: RecoverySteps = {
      async repeat(ranges, { confirm, isDoubtful }) {
        const where = `${ranges.map(({ partition }) => partition)}${isDoubtful ? "?" : ""}`;
        try {
          await confirm?.();
          done.push(`${confirm === undefined ? "" : "looked, "}stored ${where}`);
        } catch (error) {
          expect(error).toBeInstanceOf(StaleOwner);
          done.push(`let ${where} go`);
        }
      },
      look: async (bundleId) => (bundleId === bundle.id ? seen : "unknown"),
      async requireAskable() {
        if (!isAskable) throw new Error("the table cannot be asked");
      },
      async settle() {
        done.push("settled");
      },
    };
    return finishRecovery(script.epoch, recovery, steps);
  }

  it("looks at the commits again before it repeats a bundle of which others have ranges", async () => {
    await finish(whole);
    expect(done).toEqual(["looked, stored 0,1,2"]);
  });

  it("has nobody to ask for where all ranges are its own", async () => {
    await finish({ ...whole, ranges: common.own });
    expect(done).toEqual(["stored 0,1"]);
  });

  it("acknowledges what another has stored meanwhile", async () => {
    seen = "stored";
    await finish(whole);
    expect(done).toEqual(["let 0,1,2 go"]);
    expect([0, 1].flatMap((partition) => script.epoch.replays(at(partition)))).toEqual([]);
  });

  it("takes its ranges out of a bundle of which nobody knows before it waits, and stores them alone then", async () => {
    const finished = finish(unknown);
    await settle();
    expect(done).toEqual([]);
    expect(script.said()).toEqual([0, 1].map((partition) => [partition, 0, "m3 0-9@7?"]));
    script.gates[0]!.accept();
    await finished;
    expect(done).toEqual(["settled", "stored 0?", "stored 1?"]);
  });

  it("leaves them in it where the table cannot be asked: the others may only be out of sight", async () => {
    isAskable = false;
    seen = "unknown";
    for (const recovery of [unknown, whole]) {
      await expect(finish(recovery)).rejects.toThrow("cannot be asked");
    }
    await script.acceptAll();
    expect([done, script.sent]).toEqual([["let 0,1,2 go"], []]);
    expect(script.epoch.replays(at(0))).toMatchObject([{ bundle }]);
  });

  it("waits at once where an earlier owner has taken it out already", async () => {
    const own = [{ ...rangeOf(0), bundle: undefined, isDoubtful: true as const }];
    const partitions = [{ ...at(0), offset: 0, ...decodeIntents("m3 0-9@7?") }];
    script = new ScriptedEpoch(partitions);
    await finish({ kind: "unknown", own, bundleId: undefined });
    expect([done, script.sent]).toEqual([["settled", "stored 0?"], []]);
  });

  it("does the same where a bundle is not whole any more when it looks", async () => {
    seen = "unknown";
    const finished = finish(whole);
    await settle();
    expect(done).toEqual(["let 0,1,2 go"]);
    script.gates[0]!.accept();
    await finished;
    expect(done.slice(1)).toEqual(["settled", "stored 0?", "stored 1?"]);
  });

  it("leaves alone what Kafka does not have any more", async () => {
    const finished = finish(unknown);
    await settle();
    script.gates[0]!.accept([at(0)]);
    await finished;
    expect(done).toEqual(["settled", "stored 1?"]);
  });

  it("waits for nothing where all of them are gone", async () => {
    const finished = finish(unknown);
    await settle();
    script.gates[0]!.accept([at(0), at(1)]);
    await finished;
    expect(done).toEqual([]);
  });

  it("stores nothing when the epoch ends before its ranges are out", async () => {
    const finished = finish(unknown);
    await settle();
    script.epoch.end("the group is rebalancing");
    await expect(finished).rejects.toThrow(StaleOwner);
    expect(done).toEqual([]);
  });
});
