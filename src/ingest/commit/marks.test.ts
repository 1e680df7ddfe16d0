import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeIntents } from "./intents.ts";
import { at, fresh, idOf, ScriptedEpoch, settle, soon } from "./testing/scripted-epoch.ts";

describe("marks of stored bundles in commits", () => {
  let script: ScriptedEpoch;

  beforeEach(() => {
    vi.useFakeTimers();
    script = new ScriptedEpoch(fresh(4));
  });
  afterEach(() => vi.useRealTimers());

  it("finishes what an earlier owner left in any order, and marks its bundles for whoever owns the rest", async () => {
    const id = idOf(0, 9);
    const { intents } = decodeIntents(`m3 0-9@7#${id}.2 10-19@7`);
    script = new ScriptedEpoch([
      { ...at(0), offset: 0, intents },
      { ...at(1), offset: 5, ...decodeIntents(`m3 5-9@1#${idOf(8)}.2!`) },
    ]);
    await soon();
    // What is stored is passed at the first opportunity.
    expect(script.said()).toEqual([[1, 10, `m3 +${idOf(8)}`]]);
    script.gates[0]!.accept();
    const [member, alone] = script.epoch.replays(at(0)).map((range) => ({ at: at(0), range }));
    await script.epoch.announce([member!]);
    script.epoch.acknowledge([alone!]);
    script.epoch.acknowledge([member!]);
    await soon();
    expect(script.said()).toEqual([[0, 20, `m3 +${id}`]]);
  });

  it("marks what is stored when the coordinator does not know a partition any more that still lists it", async () => {
    const bundles = [script.open(0, 1), script.open(0, 1)];
    for (const bundle of bundles) script.announce(bundle);
    await script.acceptAll();
    const ids = bundles.map(([member]) => member!.range.bundle!.id);
    script.epoch.acknowledge(bundles[0]!);
    await soon();
    script.gates.at(-1)!.accept([at(1)]);
    await settle();
    // Of the first only what is said from now on is a sign: its own commit has moved the offset already.
    expect(script.said()).toEqual([[0, 10, `m3 +${ids[0]} 10-19@7#${ids[1]}.2`]]);
    script.gates.at(-1)!.accept();
    await settle();
    script.epoch.acknowledge(bundles[1]!);
    await soon();
    expect(script.said()).toEqual([[0, 20, `m3 +${ids[0]} +${ids[1]}`]]);
  });

  it("marks nothing of a bundle that was never inserted, whoever still lists it", async () => {
    const bundle = script.open(0, 1, 2);
    script.announce(bundle);
    await settle();
    script.gates[0]!.accept([at(2)]);
    await settle();
    script.epoch.regroup(bundle.slice(0, 2));
    script.announce(bundle.slice(0, 2));
    await settle();
    script.gates[1]!.accept([at(1)]);
    await settle();
    script.epoch.regroup([bundle[0]!]);
    script.announce([bundle[0]!]);
    await script.acceptAll();
    script.epoch.acknowledge([bundle[0]!]);
    await soon();
    expect(script.said()).toEqual([[0, 10, "m2"]]);
  });

  it("leaves no mark of a bundle of which the own range was stored alone", async () => {
    script = new ScriptedEpoch([{ ...at(0), offset: 0, ...decodeIntents(`m3 0-9@7#${idOf(0, 9)}.2`) }]);
    script.epoch.acknowledgeAlone({ at: at(0), range: script.epoch.replays(at(0))[0]! });
    await soon();
    expect(script.said()).toEqual([[0, 10, "m2"]]);
  });
});
