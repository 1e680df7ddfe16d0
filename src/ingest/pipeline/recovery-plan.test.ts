import { describe, expect, it } from "vitest";
import type { Intent } from "../../core/partition-offsets.ts";
import { bundleIdOf } from "../commit/bundle-id.ts";
import { bundlesInDoubt, type PartitionCommits, planRecovery, recoveryKindOf } from "./recovery-plan.ts";

const judgedMs = 1_700_000_000_000;
const bounds = (partition: number) => ({
  topic: "t",
  partition,
  firstOffset: 10 * partition,
  lastOffset: 10 * partition + 9,
});
const id = bundleIdOf([0, 1, 2].map(bounds), judgedMs);

/** What partition `partition` says of its range of the bundle. */
function member(partition: number, more: Partial<Intent> = {}): Intent {
  const { firstOffset, lastOffset } = bounds(partition);
  return { firstOffset, lastOffset, judgedMs, bundle: { id, count: 3 }, ...more };
}

function commits(partition: number, intents: Intent[], marks: string[] = []): PartitionCommits {
  return { topic: "t", partition, intents, marks };
}

const plan = (own: number[], group: PartitionCommits[], planKeyOf: (topic: string) => string | undefined = () => "p") =>
  planRecovery(
    group.filter(({ partition }) => own.includes(partition)).map((each) => ({ ...each, offset: 0 })),
    group,
    planKeyOf,
  ).map((recovery) => ({
    kind: recovery.kind,
    ranges: recovery.kind === "repeat" ? recovery.ranges.map(({ partition }) => partition) : [],
    own: recovery.own.map(({ partition }) => partition),
  }));

describe("planRecovery()", () => {
  const all = [2, 0, 1].map((partition) => commits(partition, [member(partition)]));

  it("repeats a bundle that all its partitions name, whoever owns them, in the bundle's order", () => {
    expect(plan([1], all)).toEqual([{ kind: "repeat", ranges: [0, 1, 2], own: [1] }]);
    expect(plan([2, 0, 1], all)).toEqual([{ kind: "repeat", ranges: [0, 1, 2], own: [0, 1, 2] }]);
  });

  it("repeats each range that was announced alone", () => {
    const alone = [
      { firstOffset: 0, lastOffset: 4, judgedMs },
      { firstOffset: 5, lastOffset: 9, judgedMs },
    ];
    expect(plan([0], [commits(0, alone)])).toEqual(alone.map(() => ({ kind: "repeat", ranges: [0], own: [0] })));
    expect(plan([0], [commits(0, [{ ...alone[0]!, isStored: true }])])).toEqual([]);
  });

  it("takes a bundle for stored when one of its partitions, or a mark, says so", () => {
    const flagged = [commits(0, [member(0)]), commits(1, [member(1, { isStored: true })]), commits(2, [member(2)])];
    expect(plan([0], flagged)).toEqual([{ kind: "stored", ranges: [], own: [0] }]);
    expect(plan([1], flagged)).toEqual([]);
    const marked = [commits(0, [member(0)]), commits(1, [], [id])];
    expect(plan([0], marked)).toEqual([{ kind: "stored", ranges: [], own: [0] }]);
  });

  it("concludes nothing from a partition that says nothing", () => {
    const unknown = [{ kind: "unknown", ranges: [], own: [0] }];
    expect(plan([0], [commits(0, [member(0)]), commits(1, []), commits(2, [member(2)])])).toEqual(unknown);
    expect(plan([0], [commits(0, [member(0)]), commits(2, [member(2)])])).toEqual(unknown);
  });

  it("repeats no bundle that a range has left because nobody knew, and stores that range alone", () => {
    const left = { ...bounds(1), judgedMs, isDoubtful: true } as const;
    const group = [commits(0, [member(0)]), commits(1, [left]), commits(2, [member(2)])];
    expect(plan([0, 1], group)).toEqual([0, 1].map((own) => ({ kind: "unknown", ranges: [], own: [own] })));
    // Whoever had a whole one at his join, finds so when he looks again.
    expect(recoveryKindOf(id, group, () => "p")).toBe("unknown");
    expect(recoveryKindOf(id, [...group, commits(3, [], [id])], () => "p")).toBe("stored");
    expect(recoveryKindOf(id, all, () => "p")).toBe("repeat");
    expect(recoveryKindOf(id, [], () => "p")).toBe("unknown");
  });

  it("does not believe a list that its id does not fit", () => {
    const others = [commits(0, [member(0)]), commits(1, [member(1, { lastOffset: 12 })]), commits(2, [member(2)])];
    expect(plan([0, 1, 2], others)).toMatchObject([{ kind: "unknown" }]);
  });

  it("does not make a block of topics that belong to different pipelines now", () => {
    const ranges = [
      { topic: "a", partition: 0, firstOffset: 0, lastOffset: 1 },
      { topic: "b", partition: 0, firstOffset: 0, lastOffset: 1 },
    ];
    const bundle = { id: bundleIdOf(ranges, judgedMs), count: 2 };
    const group = ranges.map(({ topic, partition, ...offsets }) => ({
      ...{ topic, partition, marks: [] },
      intents: [{ ...offsets, judgedMs, bundle }],
    }));
    // A recovery for each: ranges wait in the line of their own plan, and only where it is not stopped.
    const aloneNow = { kind: "unknown", ranges: [], own: [0] };
    expect(plan([0], group, (topic) => topic)).toEqual([aloneNow, aloneNow]);
    expect(plan([0], group, (topic) => (topic === "a" ? "p" : undefined))).toMatchObject([{ kind: "repeat" }]);
  });
});

describe("bundlesInDoubt()", () => {
  it("has what a partition still waits for, and nothing that all know to be stored", () => {
    const waiting = [commits(1, [member(1)]), commits(2, [member(2, { isStored: true })])];
    expect([...bundlesInDoubt(waiting)]).toEqual([id]);
    expect([...bundlesInDoubt(waiting.slice(1))]).toEqual([]);
  });
});
